/**
 * What devices can do wrong, one thing after another (rows W1, W2, W4 and M1 of the reliability
 * paper): rows are evaluated elsewhere or again, the bytes are those of a run without faults, and
 * where no device is left that is said with exit code 7, at once.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import type { DeviceReport } from "../../src/devices/device.ts";
import type { DevicePoolOptions } from "../../src/devices/device_pool.ts";
import type { RowLayout } from "../../src/devices/rows/row_memory.ts";
import { liveWorkers } from "../../src/devices/worker_link.ts";
import { evaluateRounds, lanes, openPool } from "../support/device_rows.ts";
import { type FaultPlan, followPlan, metFaults, type PlannedFault } from "../support/fault_plan.ts";
import { onnxModel, type ValueSpec } from "../support/onnx_builder.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/**
 * A hung device is found out after this; a healthy call takes less than a millisecond, but the
 * machine may be busy.
 */
const DEADLINE = { deadlineSeconds: 1 };

interface Faced {
  outputs: Float32Array | undefined;
  error: unknown;
  report: DeviceReport[];
  notes: string[];
  met: number;
}

/** Runs some rounds over lanes that follow a plan. */
async function face(
  faults: readonly PlannedFault[],
  { count = 3, rounds = 3, ...options }: { count?: number; rounds?: number } & DevicePoolOptions =
    {},
): Promise<Faced> {
  let faced: Faced | undefined;
  await withTempFolder(async (marks) => {
    const plan: FaultPlan = { faults, marks };
    const notes: string[] = [];
    followPlan(plan);
    try {
      const onNote = (line: string) => notes.push(line);
      await using opened = await openPool({ ...options, devices: lanes(count), onNote });
      const { pool } = opened;
      let outputs: Float32Array | undefined, error: unknown;
      try {
        outputs = await evaluateRounds(pool, { rounds });
      } catch (reason) {
        error = reason;
      }
      const report = pool.report();
      faced = { outputs, error, report, notes, met: metFaults(plan) };
    } catch (error) {
      faced = { outputs: undefined, error, report: [], notes, met: metFaults(plan) };
    } finally {
      followPlan();
    }
  });
  return faced!;
}

async function withoutFaults(rounds = 3): Promise<Float32Array> {
  await using healthy = await openPool({});
  return await evaluateRounds(healthy.pool, { rounds });
}

/**
 * What native work that nobody can end may still use is never released: the handles of some tests
 * stay.
 */
let kept = "[]";

/** Resolves when a file is there. */
async function exists(path: string): Promise<void> {
  while (!await Deno.stat(path).catch(() => undefined)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function assertNothingLeft(): void {
  assert.equal(liveWorkers(), 0);
  assert.equal(handles(), kept);
}

function handles(): string {
  return JSON.stringify(Object.entries(liveHandles()).filter(([, count]) => count !== 0));
}

const faultsOf = (report: readonly DeviceReport[]) =>
  report.flatMap(({ name, faults }) => faults.map(({ kind, count }) => `${name} ${kind} ${count}`));

Deno.test("DevicePool survives every soft fault at every call of every device, bytes unchanged", async () => {
  const wanted = await withoutFaults();
  let points = 0;
  for (const kind of ["throw", "status", "wrongReply"] as const) {
    for (let at = 1;; at++) {
      const met = await face([{ op: "run", kind, at, times: "once" }]);
      assert.equal(met.error, undefined, `${kind} at ${at}: ${met.error}`);
      assert.deepEqual(met.outputs, wanted, `${kind} at ${at}`);
      assertNothingLeft();
      if (met.met === 0) break;
      points++;
      const wantedKind = kind === "wrongReply" ? "reply" : "call";
      assert.match(faultsOf(met.report).join(), new RegExp(`^cpu:\\d ${wantedKind} 1$`));
    }
  }
  // Three rounds are three calls a device; one more where it stood in for another.
  assert.ok(points >= 9, `${points} points`);
});

for (const kind of ["lostReply", "spin", "nativeSleep", "exit"] as const) {
  Deno.test(`DevicePool bounds a hang (${kind}) and replaces the Worker, bytes unchanged`, async () => {
    const wanted = await withoutFaults();
    const fault = { device: "cpu:1", op: "run", kind, at: 2, times: "once" } as const;
    const { outputs, report, notes, error } = await face([fault], DEADLINE);
    assert.equal(error, undefined);
    assert.deepEqual(outputs, wanted);
    assert.deepEqual(faultsOf(report), ["cpu:1 hang 1"]);
    assert.equal(report[1].restarts, 1);
    assert.match(
      notes.join("\n"),
      /^cpu:1 failed \(did not answer within 1.0 s\); starting a new Worker$/,
    );
    assert.equal(liveWorkers(), 0);
    if (kind === "nativeSleep") kept = handles();
    assertNothingLeft();
  });
}

for (const kind of ["spin", "nativeSleep"] as const) {
  Deno.test(`DevicePool closed while a Worker opens (${kind}) keeps the session only if it is in use`, () =>
    withTempFolder(async (marks) => {
      const fails = { op: "run", kind: "wrongReply", at: 1, times: "once" } as const;
      const sessions = () => liveHandles().InferenceSession ?? 0;
      const before = sessions();
      const hangs = { op: "open", kind, at: 1, times: "once" } as const;
      try {
        followPlan({ marks, faults: [{ ...fails, device: "cpu:1" }] });
        const { pool } = await openPool({ devices: lanes(2) });
        // From here on for the Worker that takes the place of the one that fails.
        followPlan({ marks, faults: [fails, hangs] });
        await evaluateRounds(pool, { rounds: 1 });
        await exists(join(marks, kind === "spin" ? "1" : "asleep"));
        await pool.close();
      } finally {
        followPlan();
      }
      const inUse = kind === "nativeSleep";
      assert.equal(sessions() - before, inUse ? 1 : 0);
      if (inUse) kept = handles();
      assertNothingLeft();
    }));
}

Deno.test("DevicePool continues without a device that is dead at the start", async () => {
  const wanted = await withoutFaults();
  const fault = { device: "cpu:0", op: "open", kind: "throw", at: 1, times: "persistent" } as const;
  const { outputs, report, notes } = await face([fault], { count: 4 });
  assert.deepEqual(outputs, wanted);
  assert.deepEqual(report.map(({ state }) => state), ["lost", "ready", "ready", "ready"]);
  assert.deepEqual(faultsOf(report), ["cpu:0 open 1"]);
  assert.deepEqual(notes, ["cpu:0 is lost: planned: it threw; continuing on cpu:1, cpu:2, cpu:3"]);
});

Deno.test("DevicePool continues without a device that does not respond at the start", async () => {
  const wanted = await withoutFaults();
  const fault = { device: "cpu:1", op: "open", kind: "spin", at: 1, times: "persistent" } as const;
  // On a busy machine the others may be late as well.
  const { outputs, report } = await face([fault], { openSeconds: 1.5, fallback: "cpu" });
  assert.deepEqual(outputs, wanted);
  assert.ok(faultsOf(report).includes("cpu:1 open 1"), faultsOf(report).join());
});

Deno.test("DevicePool continues without a device that dies in the middle, and names it", async () => {
  const wanted = await withoutFaults(5);
  const fault = { device: "cpu:2", op: "run", kind: "status", at: 2, times: "persistent" } as const;
  const { outputs, report, notes } = await face([fault], { count: 4, rounds: 5 });
  assert.deepEqual(outputs, wanted);
  assert.equal(report[2].state, "lost");
  assert.deepEqual(faultsOf(report), ["cpu:2 call 3"]);
  assert.match(
    notes[0],
    /^cpu:2 is lost: ONNX Runtime's RunWithBinding failed .*; continuing on cpu:0, cpu:1, cpu:3$/,
  );
});

Deno.test("DevicePool does not wait for a device that fails at every other call", async () => {
  const wanted = await withoutFaults(40);
  const fault = { device: "cpu:1", op: "run", kind: "throw", at: 2, times: "every" } as const;
  const { outputs, report } = await face([fault], { rounds: 40 });
  assert.deepEqual(outputs, wanted);
  assert.equal(report[1].state, "lost");
  assert.ok(report[1].retries <= 5, `${report[1].retries} retries`);
});

Deno.test("DevicePool ends with exit code 7, soon and naming every device, when none is left", async () => {
  const dead = { op: "run", kind: "status", at: 2, times: "persistent" } as const;
  const { error, report } = await face([dead]);
  assert.ok(error instanceof RuntimeLibraryError, String(error));
  assert.equal(error.exitCode, 7);
  assert.match(
    error.message,
    /^no device is left: cpu:0 \(.*planned\), cpu:1 \(.*planned\), cpu:2 \(.*planned\)$/,
  );
  assert.ok(report.every(({ state }) => state === "lost"));
  assertNothingLeft();
});

Deno.test("DevicePool ends with the first device's error when none can be opened", async () => {
  const dead = { op: "open", kind: "status", at: 1, times: "persistent" } as const;
  const { error } = await face([dead]);
  assert.ok(error instanceof RuntimeLibraryError, String(error));
  assert.match(error.message, /RunWithBinding failed with FAIL: planned/);
  assertNothingLeft();
});

Deno.test("DevicePool continues on the CPU only with the option fallback", async () => {
  const wanted = await withoutFaults();
  for (const op of ["open", "run"] as const) {
    const dead = { op, kind: "throw", at: 1, times: "persistent" } as const;
    const refused = await face([dead]);
    assert.ok(refused.error instanceof RuntimeLibraryError);
    const { outputs, report, notes } = await face([dead], { fallback: "cpu" });
    assert.deepEqual(outputs, wanted, op);
    assert.equal(report.at(-1)!.name, "cpu (fallback)");
    assert.equal(report.at(-1)!.rows, 36);
    assert.match(notes.join("\n"), /continuing on the CPU/);
  }
});

Deno.test("DevicePool halves the rows of a call that finds no memory, and remembers", async () => {
  await withTempFolder(async (marks) => {
    const faults = [{
      op: "run",
      kind: "outOfMemory",
      at: 1,
      times: "persistent",
      cap: 3,
    }] as const;
    await using healthy = await openPool({});
    const wanted = await evaluateRounds(healthy.pool, { count: 16 });
    followPlan({ faults, marks });
    try {
      await using opened = await openPool({ devices: lanes(2) });
      const found = await evaluateRounds(opened.pool, { count: 16 });
      assert.deepEqual(found, wanted);
      for (const { maxRows, retries, state } of opened.pool.report()) {
        // 8 → 4 → 2: as often as it can be halved, and never again in the later rounds.
        assert.deepEqual({ maxRows, retries, state }, { maxRows: 2, retries: 2, state: "ready" });
      }
    } finally {
      followPlan();
    }
  });
});

Deno.test("DevicePool ends with exit code 7 and the size when one row finds no memory", async () => {
  const full = { op: "run", kind: "outOfMemory", at: 1, times: "persistent", cap: 0 } as const;
  const { error } = await face([full], { count: 1 });
  assert.ok(error instanceof RuntimeLibraryError, String(error));
  assert.match(error.message, /not enough memory for one row \(a buffer of 64 MiB was requested\)/);
});

/** Rows of one number. */
const NUMBERS: RowLayout = {
  inputs: [{ name: "x", type: "float32", rowDims: [1] }],
  outputs: [{ name: "y", type: "float32", rowDims: [1] }],
};

Deno.test("DevicePool ends a run that would never end, without another Worker", async () => {
  await using opened = await openPool({ devices: lanes(2), deadlineSeconds: 0.3 }, endlessModel());
  const rows = opened.pool.createRows(NUMBERS, 2);
  await assert.rejects(opened.pool.run(rows, 2), (error) => {
    assert.ok(error instanceof RuntimeLibraryError, String(error));
    assert.match(error.message, /^no device is left: cpu:0 \(did not answer within 0.3 s\)/);
    return true;
  });
  const report = opened.pool.report();
  assert.deepEqual(report.map(({ restarts }) => restarts), [0, 0]);
  assert.deepEqual(faultsOf(report), ["cpu:0 hang 3", "cpu:1 hang 3"]);
  await opened.pool.close();
  assertNothingLeft();
});

Deno.test("DevicePool stops a run that would never end when its signal fires", async () => {
  await using opened = await openPool({ devices: lanes(2) }, endlessModel());
  const rows = opened.pool.createRows(NUMBERS, 2);
  const signal = AbortSignal.timeout(100);
  await assert.rejects(opened.pool.run(rows, 2, { signal }), { name: "TimeoutError" });
  assert.deepEqual(faultsOf(opened.pool.report()), []);
});

Deno.test("DevicePool recognises ONNX Runtime's out-of-memory message", async () => {
  await using opened = await openPool({ devices: lanes(1) }, hugeModel());
  const rows = opened.pool.createRows(NUMBERS, 4);
  await assert.rejects(opened.pool.run(rows, 4), (error) => {
    assert.ok(error instanceof RuntimeLibraryError, String(error));
    assert.match(error.message, /not enough memory for one row \(a buffer of 16777216 MiB was/);
    return true;
  });
  const [{ faults: [{ kind, count }] }] = opened.pool.report();
  assert.deepEqual([kind, count], ["memory", 3]); // 4, 2, 1
});

/** y = x after 2^60 turns of a Loop. */
function endlessModel(): Uint8Array {
  const x = (name: string): ValueSpec => ({ name, type: "float32", shape: ["batch", 1] });
  const flag = (name: string): ValueSpec => ({ name, type: "bool", shape: [] });
  return onnxModel({
    inputs: [x("x")],
    outputs: [x("y")],
    initializers: [
      { name: "turns", type: "int64", dims: [], values: BigInt64Array.of(2n ** 60n) },
      { name: "true", type: "bool", dims: [], values: Uint8Array.of(1) },
      { name: "one", type: "float32", dims: [], values: Float32Array.of(1) },
    ],
    nodes: [{
      op: "Loop",
      inputs: ["turns", "true", "x"],
      outputs: ["y"],
      attributes: {
        body: {
          graph: {
            inputs: [{ name: "i", type: "int64", shape: [] }, flag("go"), x("before")],
            outputs: [flag("goOn"), x("after")],
            nodes: [
              { op: "Identity", inputs: ["go"], outputs: ["goOn"] },
              { op: "Mul", inputs: ["before", "one"], outputs: ["after"] },
            ],
          },
        },
      },
    }],
  });
}

/** The largest of 2^42 copies of each row: 16 TiB. */
function hugeModel(): Uint8Array {
  return onnxModel({
    inputs: [{ name: "x", type: "float32", shape: ["batch", 1] }],
    outputs: [{ name: "y", type: "float32", shape: ["batch", 1] }],
    initializers: [
      { name: "copies", type: "int64", dims: [2], values: BigInt64Array.of(1n, 2n ** 42n) },
      { name: "last", type: "int64", dims: [1], values: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: "Expand", inputs: ["x", "copies"], outputs: ["wide"] },
      { op: "ReduceMax", inputs: ["wide"], outputs: ["y"], attributes: { axes: { ints: [1] } } },
    ],
  });
}
