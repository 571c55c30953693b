/** Runs a network on a device and on the CPU: how far apart they are, and how long calls take. @module */
import type { Environment } from "../../runtime/environment.ts";
import { InferenceSession } from "../../runtime/inference_session.ts";
import type { SessionOptions } from "../../runtime/session_options.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { type Difference, largestDifference, makeInputs } from "./selftest_networks.ts";

/** Rows that are compared. */
const COMPARED = 2;
/** Calls of one size end after so many, or so long. */
const MOST_CALLS = 7;
const MOST_SECONDS = 1;

/** Milliseconds of calls with this many rows. */
export interface CallTime {
  batch: number;
  /** The first call of this size, which may allocate and choose algorithms. */
  first: number;
  /** Of the others. */
  median: number;
}

/** What came of one network. */
export interface NetworkResult {
  network: string;
  difference: Difference;
  times: CallTime[];
}

/** How a network is measured. */
export interface MeasureNetworkOptions {
  /** As the report calls it. */
  network: string;
  /** Path of its file. */
  file: string;
  /** The device's session. */
  session: SessionOptions;
  batches: readonly number[];
  signal: AbortSignal;
}

/** Measures one network. */
export async function measureNetwork(
  env: Environment,
  { network, file, session: options, batches, signal }: MeasureNetworkOptions,
): Promise<NetworkResult> {
  const { intraOpNumThreads } = options;
  const onCpu = await outputsOf(env, file, { intraOpNumThreads, provider: "cpu" }, signal);
  await using session = await InferenceSession.create(env, file, options);
  const difference = largestDifference(await run(env, session, COMPARED, signal), onCpu);
  const times: CallTime[] = [];
  for (const batch of batches) times.push(await timeCalls(env, session, batch, signal));
  return { network, difference, times };
}

async function outputsOf(
  env: Environment,
  file: string,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  await using session = await InferenceSession.create(env, file, options);
  return await run(env, session, COMPARED, signal);
}

async function run(
  env: Environment,
  session: InferenceSession,
  batch: number,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const inputs = makeInputs(env, session, batch);
  const outputs = await session.run(inputs, { signal });
  const values = Object.values(outputs).map(({ data }) => Float32Array.from(data as Float32Array));
  for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.close();
  return values;
}

/** Times calls over bound memory, as sampling makes them. */
async function timeCalls(
  env: Environment,
  session: InferenceSession,
  batch: number,
  signal: AbortSignal,
): Promise<CallTime> {
  const inputs = makeInputs(env, session, batch);
  const started = performance.now();
  const outputs = await session.run(inputs, { signal });
  const first = performance.now() - started;
  const bound = Object.fromEntries(
    Object.entries(outputs).map(([name, { type, dims }]) => [name, new Tensor(env, type, dims)]),
  );
  const calls: number[] = [];
  try {
    using binding = session.bind(inputs, bound);
    const end = performance.now() + 1000 * MOST_SECONDS;
    do {
      const begun = performance.now();
      await binding.run({ signal });
      calls.push(performance.now() - begun);
    } while (calls.length < MOST_CALLS && performance.now() < end);
  } finally {
    for (const tensors of [inputs, outputs, bound]) {
      for (const tensor of Object.values(tensors)) tensor.close();
    }
  }
  return { batch, first, median: median(calls) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
