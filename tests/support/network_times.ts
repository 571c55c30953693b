/** Runs networks on given inputs and compares their times. @module */
import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import type { Tensor } from "../../src/runtime/tensor.ts";
import { inputTensor, relativeError, type Tensors } from "../convert/network_fixture.ts";

/** One output of a network [the first]; its session is closed before the next one is opened. */
export async function runFile(
  file: string,
  inputs: Tensors,
  output?: string,
): Promise<Float32Array> {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, file);
  using feeds = new Feeds(environment, session, inputs);
  return await feeds.run(output);
}

/** A session with its inputs. */
class Feeds implements Disposable {
  readonly #feeds: Record<string, Tensor> = {};
  readonly #session: InferenceSession;

  constructor(environment: Environment, session: InferenceSession, inputs: Tensors) {
    this.#session = session;
    for (const input of session.inputs) {
      this.#feeds[input.name] = inputTensor(environment, input, inputs);
    }
  }

  /** @param name of the output to return [the first] */
  async run(name = this.#session.outputs[0].name): Promise<Float32Array> {
    const outputs = await this.#session.run(this.#feeds);
    const values = Float32Array.from(outputs[name].data as Float32Array);
    for (const output of Object.values(outputs)) output.close();
    return values;
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.#feeds)) tensor.close();
  }
}

/** Networks to compare: ours, and an exporter's. */
export interface Rivals {
  ours: string;
  theirs: string;
  inputs: Tensors;
  /** Calls of each network. */
  rounds: number;
}

/**
 * Times of a call, taken in turn on one thread so that other load meets both networks alike.
 *
 * @returns medians in milliseconds, and the median of the ratios of neighbouring calls
 */
export async function compareTimes(
  { ours, theirs, inputs, rounds }: Rivals,
): Promise<{ ours: number; theirs: number; ratio: number }> {
  using environment = Environment.open();
  const options = { intraOpNumThreads: 1 };
  await using mine = await InferenceSession.create(environment, ours, options);
  await using other = await InferenceSession.create(environment, theirs, options);
  using first = new Feeds(environment, mine, inputs);
  using second = new Feeds(environment, other, inputs);
  assert.ok(relativeError(await first.run(), await second.run()) <= 1e-4);
  const times: [number, number][] = [];
  for (let i = 0; i < rounds; i++) times.push([await timed(first), await timed(second)]);
  const [a, b] = [0, 1].map((column) => median(times.map((row) => row[column])));
  return { ours: a, theirs: b, ratio: median(times.map(([a, b]) => a / b)) };
}

/** {@link compareTimes} in words. */
export async function timesLine(name: string, rivals: Rivals): Promise<string> {
  const { ours, theirs, ratio } = await compareTimes(rivals);
  return `${name}: ours ${ours.toFixed(0)} ms, torch.onnx.export's ${theirs.toFixed(0)} ms, ` +
    `median of ratios ${ratio.toFixed(3)}`;
}

async function timed(feeds: Feeds): Promise<number> {
  const started = performance.now();
  await feeds.run();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
