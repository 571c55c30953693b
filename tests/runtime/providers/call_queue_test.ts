import assert from "node:assert/strict";
import { CallQueue } from "../../../src/runtime/providers/call_queue.ts";

/** A call that ends when it is told to. */
function held<T>(value: T): { call: () => Promise<T>; end: () => void; began: boolean } {
  const { promise, resolve } = Promise.withResolvers<T>();
  const state = {
    began: false,
    call: () => {
      state.began = true;
      return promise;
    },
    end: () => resolve(value),
  };
  return state;
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("CallQueue calls one after another, also behind a call that failed", async () => {
  const queue = new CallQueue();
  const [first, second] = [held(1), held(2)];
  const one = queue.run(first.call);
  const failed = queue.run(() => {
    throw new TypeError("no");
  });
  const two = queue.run(second.call);
  await turns();
  assert.deepEqual([first.began, second.began], [true, false]);
  first.end();
  assert.equal(await one, 1);
  await assert.rejects(failed, /^TypeError: no$/);
  await turns();
  assert.ok(second.began);
  second.end();
  assert.equal(await two, 2);
});

Deno.test("CallQueue lets a call leave that has not begun, and none that has", async () => {
  const queue = new CallQueue();
  const [first, second] = [held(1), held(2)];
  const begun = new AbortController(), waiting = new AbortController();
  const one = queue.run(first.call, begun.signal);
  const two = queue.run(second.call, waiting.signal);
  await turns();
  waiting.abort(new RangeError("left"));
  begun.abort(new RangeError("its own to end"));
  await assert.rejects(two, /^RangeError: left$/);
  first.end();
  assert.equal(await one, 1);
  await turns();
  assert.equal(second.began, false);
  await assert.rejects(queue.run(second.call, AbortSignal.abort(new RangeError("late"))), /late/);
});

Deno.test("CallQueue fails the calls queued behind an abandoned call that does not end", async () => {
  const queue = new CallQueue({ stuckMs: 5 });
  const [first, second] = [held(1), held(2)];
  const one = queue.run(first.call);
  const two = queue.run(second.call);
  await turns();
  queue.abandon("WebGPU");
  await assert.rejects(
    two,
    /^RuntimeLibraryError: the WebGPU device is stuck in an abandoned call/,
  );
  first.end();
  assert.equal(await one, 1);
  assert.equal(await queue.run(() => 3), 3);
  assert.equal(second.began, false);
});
