/** Runs a network on a device and on the CPU, compares the outputs and times calls. @module */
import type { Environment } from "../../runtime/environment.ts";
import { type Placement, placementOf, RECORD_PLACEMENT } from "../../runtime/graph_placement.ts";
import { InferenceSession } from "../../runtime/inference_session.ts";
import type { SessionOptions } from "../../runtime/session_options.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { type Difference, largestDifference, makeInputs } from "./selftest_networks.ts";

/** Number of rows that are compared. */
const COMPARED = 2;
/** Maximum number of timed calls of one size, and their maximum total time. */
const MAX_CALLS = 7;
const MAX_SECONDS = 1;

/** Milliseconds of calls with one number of rows. */
export interface CallTime {
  batch: number;
  /** First call of this size, which may allocate memory and choose algorithms. */
  first: number;
  /** Median of the other calls. */
  median: number;
}

/** Result of one network. */
export interface NetworkResult {
  network: string;
  difference: Difference;
  times: CallTime[];
  /** Nodes that the device's provider took; absent where the library cannot tell. */
  placement?: Placement;
}

/** Options of a measurement. */
export interface MeasureNetworkOptions {
  /** Name in the report. */
  network: string;
  /** Path of the network file. */
  file: string;
  /** Session options of the device. */
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
  const configEntries = { ...options.configEntries, ...RECORD_PLACEMENT };
  await using session = await InferenceSession.create(env, file, { ...options, configEntries });
  const difference = largestDifference(await run(env, session, COMPARED, signal), onCpu);
  const times: CallTime[] = [];
  for (const batch of batches) times.push(await timeCalls(env, session, batch, signal));
  return { network, difference, times, placement: placementOf(env, session) };
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

/** Times calls with bound memory, as in sampling. */
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
    const end = performance.now() + 1000 * MAX_SECONDS;
    do {
      const begun = performance.now();
      await binding.run({ signal });
      calls.push(performance.now() - begun);
    } while (calls.length < MAX_CALLS && performance.now() < end);
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
