import assert from "node:assert/strict";
import { liveHandles, OwnedPointer } from "../../ffi/owned_pointer.ts";
import { addressOf } from "../../ffi/pointer.ts";
import { runChild } from "../support/run_child.ts";

const memory = new Uint8Array(8);

/** An owner of some memory; its name is written to `log` when it is released. */
function owner(kind: string, log: string[], parent?: OwnedPointer): OwnedPointer {
  const pointer = addressOf(memory);
  assert.ok(pointer);
  return new OwnedPointer(pointer, { kind, release: () => void log.push(kind), parent });
}

Deno.test("OwnedPointer.close() releases once", () => {
  const log: string[] = [];
  const thing = owner("Thing", log);
  assert.equal(liveHandles().Thing, 1);
  thing.close();
  thing.close();
  thing[Symbol.dispose]();
  assert.deepEqual(log, ["Thing"]);
  assert.equal(liveHandles().Thing, 0);
});

Deno.test("OwnedPointer.unsafeHandle and addUse() throw a TypeError after close()", () => {
  const thing = owner("Thing", []);
  assert.ok(thing.unsafeHandle);
  thing.close();
  assert.throws(() => thing.unsafeHandle, new TypeError("Thing is closed"));
  assert.throws(() => thing.addUse(), new TypeError("Thing is closed"));
});

Deno.test("OwnedPointer.close() waits for the last use", () => {
  const log: string[] = [];
  const thing = owner("Thing", log);
  thing.addUse();
  thing.addUse();
  thing.close();
  thing.dropUse();
  assert.deepEqual(log, []);
  thing.dropUse();
  assert.deepEqual(log, ["Thing"]);
});

Deno.test("OwnedPointer.close() releases children first", () => {
  const log: string[] = [];
  const parent = owner("Parent", log);
  const child = owner("Child", log, parent);
  owner("Early", log, parent).close();
  parent.close();
  assert.deepEqual(log, ["Early", "Child", "Parent"]);
  assert.ok(child.closed);
  child.close();
  assert.equal(log.length, 3);
});

Deno.test("OwnedPointer: a child in use holds its parent back", () => {
  const log: string[] = [];
  const parent = owner("Parent", log);
  const child = owner("Child", log, parent);
  child.addUse();
  parent.close();
  assert.deepEqual(log, []);
  child.dropUse();
  assert.deepEqual(log, ["Child", "Parent"]);
});

Deno.test("OwnedPointer: what is dropped is released by the collector, children first", async () => {
  const script = new URL("owned_pointer_child.ts", import.meta.url);
  const { code, stdout, stderr } = await runChild(script, {
    flags: ["--allow-ffi", "--v8-flags=--expose-gc"],
  });
  assert.equal(code, 0, stderr);
  const released = stdout.split("\n");
  assert.equal(released.length, 200);
  for (let i = 0; i < 100; i++) {
    assert.ok(released.indexOf(`child ${i}`) < released.indexOf(`parent ${i}`), `${i}`);
  }
});
