/**
 * Measures the cost of a call: prepared runs through the C API against onnxruntime-node's
 * JavaScript API, in one process with the same library file. `deno run -A scripts/bench/ffi.ts
 * [--model FOLDER] [--json FILE]`.
 * @module
 */
import * as ort from "onnxruntime-node";
import { parseArgs } from "node:util";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import type { IoBinding } from "../../src/runtime/io_binding.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { addModel } from "../../tests/support/models.ts";
import { type BenchRow, median, printTable } from "./table.ts";

/** Options of {@link benchFfi}. */
export interface FfiBenchOptions {
  /**
   * Folder of a DiT (with `transformer/model.onnx`) to measure too; skipped if it does not exist.
   */
  modelFolder?: string;
}

/** One way to run a model. All ways of a group take turns. */
interface Contestant {
  readonly name: string;
  readonly run: () => void | Promise<unknown>;
}

interface Feed {
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

const THREADS = { intraOpNumThreads: 1, interOpNumThreads: 1 } as const;

/**
 * Runs the benchmark. The bar: a synchronous prepared run takes at most 0.30 of onnxruntime-node's
 * time on the 4-float model.
 *
 * @returns medians in µs; notes have the ratio to onnxruntime-node's median and the fastest round,
 * which a busy machine affects least
 */
export async function benchFfi(options: FfiBenchOptions = {}): Promise<BenchRow[]> {
  const { modelFolder = "models/dit-emoji" } = options;
  const tiny: Record<string, Feed> = {
    x: { type: "float32", dims: [4], data: Float32Array.of(1, 2, 3, 4) },
  };
  const rows = await benchModel("Add of 4 floats", addModel(), tiny, { y: [4] }, {
    rounds: 200,
    callsPerRound: 100,
  });
  // Open it by path: a network loaded from bytes has no folder for its external data.
  const network = `${modelFolder}/transformer/model.onnx`;
  if (!await Deno.stat(network).catch(() => undefined)) return rows;
  for (const batch of [1, 16]) {
    const group = `${modelFolder}, batch ${batch}, 1 thread`;
    const timing = { rounds: 25, callsPerRound: 1 };
    rows.push(
      ...await benchModel(
        group,
        network,
        ditFeeds(batch),
        { out_sample: [batch, 8, 8, 8] },
        timing,
      ),
    );
  }
  return rows;
}

function ditFeeds(batch: number): Record<string, Feed> {
  const sample = Float32Array.from({ length: batch * 256 }, (_, i) => Math.sin(i));
  return {
    sample: { type: "float32", dims: [batch, 4, 8, 8], data: sample },
    timestep: { type: "int64", dims: [batch], data: new BigInt64Array(batch).fill(500n) },
    class_labels: { type: "int64", dims: [batch], data: new BigInt64Array(batch) },
  };
}

interface Timing {
  /** Number of rounds, over which medians are taken. */
  readonly rounds: number;
  readonly callsPerRound: number;
}

async function benchModel(
  group: string,
  model: Uint8Array | string,
  feeds: Readonly<Record<string, Feed>>,
  outputs: Readonly<Record<string, readonly number[]>>,
  timing: Timing,
): Promise<BenchRow[]> {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, model, THREADS);
  const inputTensors = mapValues(
    feeds,
    ({ type, dims, data }) => new Tensor(environment, type, dims, data) as Tensor,
  );
  const outputTensors = mapValues(
    outputs,
    (dims) => new Tensor(environment, "float32", dims) as Tensor,
  );
  using binding = session.bind(inputTensors, outputTensors);
  const node = await nodeContestant(model, feeds);
  const all = [node, ...contestants(session, binding, inputTensors)];
  const times = await takeTurns(all, timing);
  const base = median(times[0]);
  return all.map(({ name }, i) => {
    const value = median(times[i]);
    const ratio = i === 0 ? [] : [`${(value / base).toFixed(2)} of ${node.name}`];
    const fastest = `fastest ${Number(Math.min(...times[i]).toPrecision(4))}`;
    return { group, name, value, unit: "µs", note: [...ratio, fastest].join(", ") };
  });
}

function contestants(
  session: InferenceSession,
  binding: IoBinding,
  feeds: Record<string, Tensor>,
): Contestant[] {
  return [
    { name: "prepared, synchronous", run: () => binding.runSync() },
    { name: "prepared, nonblocking", run: () => binding.run() },
    {
      name: "unprepared, nonblocking",
      run: async () => {
        for (const tensor of Object.values(await session.run(feeds))) tensor.close();
      },
    },
  ];
}

async function nodeContestant(
  model: Uint8Array | string,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Contestant> {
  const options = { ...THREADS, executionProviders: ["cpu"] };
  const session =
    await (typeof model === "string"
      ? ort.InferenceSession.create(model, options)
      : ort.InferenceSession.create(model, options));
  const tensors = mapValues(feeds, ({ type, dims, data }) => new ort.Tensor(type, data, dims));
  return { name: "onnxruntime-node", run: () => session.run(tensors) };
}

/**
 * Returns the times per call in µs, one list per contestant. All take turns in every round, so that
 * a busy machine slows all equally. The order is random, since the scheduler of a busy machine
 * favours a run after a wait over one after a long computation.
 */
async function takeTurns(
  contestants: readonly Contestant[],
  { rounds, callsPerRound }: Timing,
): Promise<number[][]> {
  const times = contestants.map((): number[] => []);
  const warmUp = Math.ceil(rounds / 10);
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const i of shuffledIndexes(contestants.length)) {
      const { run } = contestants[i];
      const start = performance.now();
      for (let call = 0; call < callsPerRound; call++) {
        const pending = run();
        if (pending) await pending;
      }
      const elapsed = performance.now() - start;
      if (round >= warmUp) times[i].push(elapsed * 1000 / callsPerRound);
    }
  }
  return times;
}

function shuffledIndexes(length: number): number[] {
  const keys = Array.from({ length }, () => Math.random());
  return [...keys.keys()].sort((a, b) => keys[a] - keys[b]);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { model: { type: "string" }, json: { type: "string" } },
  });
  const rows = await benchFfi({ modelFolder: values.model });
  printTable(rows);
  if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2) + "\n");
}
