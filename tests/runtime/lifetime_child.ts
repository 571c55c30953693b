/**
 * Scenarios that would end the process, or fill memory with garbage, if a lifetime were wrong.
 * lifetime_test.ts runs each in a process of its own, with the collector exposed:
 * `lifetime_child.ts <scenario>`.
 * @module
 */
import assert from "node:assert/strict";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { addModel, loopModel } from "../support/models.ts";

const collect = (globalThis as unknown as { gc: () => void }).gc;

/** Collects, and lets finalisers run, until `done` holds or 5 s have passed. */
async function collectUntil(done: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !done(); i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(done(), `still alive: ${JSON.stringify(liveHandles())}`);
}

const alive = (kind: string) => liveHandles()[kind] ?? 0;
const allReleased = () => Object.values(liveHandles()).every((count) => count === 0);

function float4(environment: Environment, ...values: number[]): Tensor<"float32"> {
  return new Tensor(environment, "float32", [4], Float32Array.from(values));
}

function loopFeeds(environment: Environment, steps: bigint): Record<string, Tensor> {
  return {
    x: new Tensor(environment, "float32", [4]),
    steps: new Tensor(environment, "int64", [], BigInt64Array.of(steps)),
  };
}

/** Fills the heap with other small arrays, so that memory freed too early gets overwritten. */
function churn(): void {
  const rubbish = Array.from({ length: 20000 }, () => new Float32Array(4).fill(-7));
  assert.equal(rubbish.length, 20000);
  collect();
}

const scenarios: Record<string, () => Promise<void>> = {
  async forcedCollection() {
    using environment = Environment.open();
    await using session = await InferenceSession.create(environment, addModel());
    // Nothing but the binding refers to these tensors and their small on-heap arrays.
    const plan = () => {
      const x = float4(environment, 1, 2, 3, 4);
      const y = float4(environment, 0, 0, 0, 0);
      return { binding: session.bind({ x }, { y }), result: y.data };
    };
    const plans = Array.from({ length: 50 }, plan);
    churn();
    for (const { binding, result } of plans) {
      const run = binding.run();
      churn();
      await run;
      assert.deepEqual([...result], [2, 4, 6, 8]);
    }
    const runs = Array.from(
      { length: 20 },
      () => session.run({ x: float4(environment, 1, 2, 3, 4) }),
    );
    churn();
    for (const { y } of await Promise.all(runs)) assert.deepEqual([...y.data], [2, 4, 6, 8]);
  },

  async doubleClose() {
    const environment = Environment.open();
    const session = await InferenceSession.create(environment, addModel());
    const x = float4(environment, 1, 2, 3, 4);
    const y = float4(environment, 0, 0, 0, 0);
    const binding = session.bind({ x }, { y });
    for (const owner of [binding, x, y, environment]) {
      owner.close();
      owner.close();
    }
    await session.close();
    await session.close();
    assert.ok(allReleased(), JSON.stringify(liveHandles()));
  },

  async useAfterClose() {
    const environment = Environment.open();
    const session = await InferenceSession.create(environment, addModel());
    const x = float4(environment, 1, 2, 3, 4);
    const binding = session.bind({ x }, { y: float4(environment, 0, 0, 0, 0) });
    const closedBinding = session.bind({ x }, { y: float4(environment, 0, 0, 0, 0) });
    closedBinding.close();
    assert.throws(() => closedBinding.runSync(), new TypeError("IoBinding is closed"));
    await assert.rejects(closedBinding.run(), new TypeError("IoBinding is closed"));
    await session.close();
    const closed = new TypeError("InferenceSession is closed");
    await assert.rejects(session.run({ x }), closed);
    assert.throws(() => session.bind({ x }, {}), closed);
    assert.throws(() => binding.runSync(), closed);
    await assert.rejects(binding.run(), closed);
    environment.close();
    const closedEnvironment = new TypeError("Environment is closed");
    assert.throws(() => float4(environment, 1, 2, 3, 4), closedEnvironment);
    await assert.rejects(InferenceSession.create(environment, addModel()), closedEnvironment);
  },

  async closeInFlight() {
    const environment = Environment.open();
    const session = await InferenceSession.create(environment, loopModel());
    const feeds = loopFeeds(environment, 100000n);
    const bound = loopFeeds(environment, 100000n);
    const y = float4(environment, 0, 0, 0, 0);
    const binding = session.bind(bound, { y });
    const runs = [session.run(feeds), binding.run()] as const;
    // Everything is closed while both runs are under way: the runs still end, and end right.
    let ended = 0;
    for (const run of runs) run.then(() => ended++);
    environment.close();
    for (const tensor of [...Object.values(feeds), ...Object.values(bound), y]) tensor.close();
    binding.close();
    await session.close();
    assert.equal(ended, 2);
    assert.equal((await runs[0]).y.data[0], 100000);
    assert.equal(y.data[0], 100000);
    (await runs[0]).y.close();
    assert.ok(allReleased(), JSON.stringify(liveHandles()));
  },

  async cancelInFlight() {
    using environment = Environment.open();
    await using session = await InferenceSession.create(environment, loopModel());
    const feeds = loopFeeds(environment, 10n ** 12n);
    using binding = session.bind(feeds, { y: float4(environment, 0, 0, 0, 0) });
    for (
      const start of [
        (signal: AbortSignal) => session.run(feeds, { signal }),
        (signal: AbortSignal) => binding.run({ signal }),
      ]
    ) {
      const run = start(AbortSignal.timeout(30));
      churn();
      await assert.rejects(run, { name: "TimeoutError" });
      await assert.rejects(
        start(AbortSignal.abort("never mind")),
        (reason) => reason === "never mind",
      );
    }
    assert.equal(alive("RunOptions"), 0);
    // The session is none the worse for it.
    feeds.steps.data[0] = 3n;
    assert.equal((await session.run(feeds)).y.data[0], 3);
  },

  async abandoned() {
    const environment = Environment.open();
    const leak = async () => {
      const session = await InferenceSession.create(environment, addModel());
      const x = float4(environment, 1, 2, 3, 4);
      session.bind({ x }, { y: float4(environment, 0, 0, 0, 0) });
      await session.run({ x });
      assert.ok(alive("Tensor") >= 3 && alive("IoBinding") === 1);
    };
    for (let i = 0; i < 3; i++) {
      await leak();
      await collectUntil(() =>
        ["Tensor", "IoBinding", "InferenceSession"].every((kind) => alive(kind) === 0)
      );
    }
    environment.close();
    assert.ok(allReleased(), JSON.stringify(liveHandles()));
  },

  async abandonedInFlight() {
    const environment = Environment.open();
    const results: number[] = [];
    const leak = async () => {
      const session = await InferenceSession.create(environment, loopModel());
      for (let i = 0; i < 4; i++) {
        session.run(loopFeeds(environment, 50000n)).then(({ y }) =>
          results.push(Number(y.data[0]))
        );
      }
    };
    await leak();
    churn();
    await collectUntil(() => results.length === 4);
    assert.deepEqual(results, [50000, 50000, 50000, 50000]);
    await collectUntil(() => alive("InferenceSession") === 0 && alive("Tensor") === 0);
  },

  async concurrent() {
    using environment = Environment.open();
    await using first = await InferenceSession.create(environment, loopModel());
    await using second = await InferenceSession.create(environment, addModel());
    const slow = Array.from(
      { length: 4 },
      (_, i) => first.run(loopFeeds(environment, BigInt(10000 * (i + 1)))),
    );
    const fast = Array.from(
      { length: 40 },
      (_, i) => second.run({ x: float4(environment, i, i, i, i) }),
    );
    const slowResults = (await Promise.all(slow)).map(({ y }) => y.data[0]);
    assert.deepEqual(slowResults, [10000, 20000, 30000, 40000]);
    const fastResults = (await Promise.all(fast)).map(({ y }) => y.data[3]);
    assert.deepEqual(fastResults, Array.from({ length: 40 }, (_, i) => 2 * i));
  },

  async exitInFlight() {
    const environment = Environment.open();
    const session = await InferenceSession.create(environment, loopModel());
    const feeds = loopFeeds(environment, 10n ** 12n);
    session.run(feeds);
    await new Promise((resolve) => setTimeout(resolve, 30));
    console.log("done exitInFlight");
    Deno.exit(0);
  },

  async workers() {
    using environment = Environment.open();
    await using session = await InferenceSession.create(environment, addModel());
    const results = Array.from({ length: 3 }, () => new Float32Array(new SharedArrayBuffer(16)));
    const script = new URL("lifetime_worker.ts", import.meta.url);
    const workers = results.map(() => new Worker(script, { type: "module" }));
    await Promise.all(workers.map((worker, i) =>
      new Promise((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = reject;
        worker.postMessage(results[i]);
      })
    ));
    const { y } = await session.run({ x: float4(environment, 1, 2, 3, 4) });
    assert.deepEqual([...y.data], [2, 4, 6, 8]);
    for (const result of results) assert.deepEqual([...result], [1024, 2048, 3072, 4096]);
    for (const worker of workers) worker.terminate();
  },

  async reopen() {
    for (let i = 0; i < 3; i++) {
      const environment = Environment.open();
      const session = await InferenceSession.create(environment, addModel());
      environment.close(); // the session keeps what it needs
      const again = Environment.open();
      using x = float4(again, 1, 2, 3, 4);
      const { y } = await session.run({ x });
      assert.deepEqual([...y.data], [2, 4, 6, 8]);
      y.close();
      again.close();
      await session.close();
      x.close();
      assert.ok(allReleased(), JSON.stringify(liveHandles()));
    }
  },
};

if (import.meta.main) {
  const [name] = Deno.args;
  if (name === "list") console.log(Object.keys(scenarios).join("\n"));
  else {
    await scenarios[name]();
    console.log(`done ${name}`);
  }
}
