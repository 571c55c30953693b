/**
 * Every call of the C API may fail: lets call number N of a short job fail, for N = 1, 2, … until a
 * job meets no fault, once and from then on. After each job nothing native may be alive.
 * fault_injection_test.ts runs it and reads what it prints.
 * @module
 */
import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { StopSwitch } from "../../src/runtime/stop_switch.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { ModelError } from "../../src/errors.ts";
import { FaultyLibrary, isInjected } from "../support/faulty_library.ts";
import { castModel, scaleModel } from "../support/models.ts";

/**
 * An environment, two sessions, eight prepared runs, a cancelled one and two with outputs of their
 * own.
 */
async function job(library: FaultyLibrary): Promise<void> {
  using environment = Environment.open();
  const options = {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: "basic",
    logSeverityLevel: "fatal",
    enableMemPattern: true,
    enableCpuMemArena: true,
    configEntries: { "session.intra_op.allow_spinning": "0" },
    freeDimensionOverrides: { other: 2 },
  } as const;
  await using scaler = await InferenceSession.create(environment, scaleModel(), options);
  await using caster = await InferenceSession.create(environment, castModel());
  using x = new Tensor(environment, "float32", [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
  using scale = new Tensor(environment, "float32", []);
  using y = new Tensor(environment, "float32", [2, 3]);
  using binding = scaler.bind({ x, scale }, { y });
  using stop = new StopSwitch(environment);
  stop.stop();
  stop.reset();
  for (let step = 0; step < 8; step++) {
    scale.data[0] = step;
    if (step % 2) binding.runSync(stop);
    else await binding.run({ signal: new AbortController().signal });
    assert.deepEqual([...y.data], [0, 1, 2, 3, 4, 5].map((value) => value * step));
  }
  const controller = new AbortController();
  library.pardoned = true;
  const cancelled = scaler.run({ x, scale }, { signal: controller.signal });
  controller.abort("enough");
  await assert.rejects(cancelled, (reason) => {
    if (reason !== "enough") throw reason;
    return true;
  });
  library.pardoned = false;
  using flat = new Tensor(environment, "float32", [2], Float32Array.of(1, 2));
  const { half, back } = await caster.run({ x: flat });
  using _half = half;
  using _back = back;
  assert.deepEqual(back.data, flat.data);
}

/** Runs the job with a fault at call `at`; says whether it met it. */
async function runWithFault(
  library: FaultyLibrary,
  at: number,
  persistent: boolean,
): Promise<boolean> {
  library.plan({ at, persistent });
  let caught: unknown;
  try {
    await job(library);
  } catch (error) {
    caught = error;
  }
  const context = `fault at call ${at}, persistent ${persistent}`;
  if (caught !== undefined || library.failed > 0) {
    assert.ok(isInjected(caught), `${context}: ${Deno.inspect(caught)}`);
  }
  if (caught instanceof ModelError) {
    assert.match(
      library.firstFailed!,
      /^CreateSession(FromArray)?$/,
      "only loading blames the model",
    );
  }
  library.expectNothingAlive(context);
  return library.calls >= at;
}

if (import.meta.main) {
  const library = new FaultyLibrary();
  for (const persistent of [false, true]) {
    let points = 0;
    while (await runWithFault(library, points + 1, persistent)) points++;
    console.log(`${persistent ? "persistent" : "once"}: ${points} points`);
  }
  console.log([...library.names].sort().join(" "));
}
