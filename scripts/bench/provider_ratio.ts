/**
 * Time of a network's calls on the CPU provider against another provider of the same library, calls
 * in turn in one process:
 * `deno run -A scripts/bench/provider_ratio.ts openvino libonnxruntime.so 1,8 1 model.onnx …`.
 * Arguments: provider, library ("" for the package's own), rows, threads, networks. With one thread
 * the processor's time does not depend on what else the machine does.
 * @module
 */
import process from "node:process";
import { Environment, InferenceSession, type Provider, Tensor } from "../../ort.ts";
import { TorchGenerator } from "../../sampling.ts";
import { median } from "./table.ts";

const PASSES = 5;

interface Side {
  readonly session: InferenceSession;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Milliseconds of each call, and of the processor. */
  readonly wall: number[];
  readonly cpu: number[];
}

/** The same inputs for every session: timesteps and labels of one value, the rest random. */
function inputsOf(env: Environment, session: InferenceSession, rows: number) {
  const generator = new TorchGenerator(0);
  return Object.fromEntries(session.inputs.map(({ name, type, shape }) => {
    const dims = [rows, ...shape.slice(1).map(Number)];
    const tensor = new Tensor(env, type as "float32" | "int64", dims);
    const { data } = tensor;
    if (data instanceof BigInt64Array) data.fill(name.includes("time") ? 500n : 3n);
    else if (name.includes("time")) data.fill(500 as never);
    else (data as Float32Array).set(generator.randn(data.length));
    return [name, tensor];
  }));
}

async function prepare(env: Environment, session: InferenceSession, rows: number): Promise<Side> {
  const inputs = inputsOf(env, session, rows);
  return { session, inputs, outputs: await session.run(inputs), wall: [], cpu: [] };
}

/** Runs both sides in turn, first one and then the other in front. */
async function timeSides(sides: readonly Side[]): Promise<void> {
  const bindings = sides.map(({ session, inputs, outputs }) => session.bind(inputs, outputs));
  for (let pass = 0; pass < PASSES; pass++) {
    const order = pass % 2 === 0 ? [0, 1] : [1, 0];
    for (const i of order) {
      const started = performance.now();
      const used = process.cpuUsage();
      await bindings[i].run();
      sides[i].wall.push(performance.now() - started);
      const { user, system } = process.cpuUsage(used);
      sides[i].cpu.push((user + system) / 1000);
    }
  }
  for (const binding of bindings) binding.close();
}

/** Largest difference of the first output over the RMS of the CPU's. */
function differenceOf([cpu, other]: readonly Side[]): number {
  const [a, b] = [cpu, other].map(({ outputs }) => Object.values(outputs)[0].data as Float32Array);
  const rms = Math.sqrt(a.reduce((sum, value) => sum + value ** 2, 0) / a.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / rms;
}

if (import.meta.main) {
  const [provider, library, rows, threads, ...networks] = Deno.args;
  using env = Environment.open(library === "" ? {} : { libraryPath: library });
  const intraOpNumThreads = Number(threads);
  for (const network of networks) {
    await using cpu = await InferenceSession.create(env, network, { intraOpNumThreads });
    await using other = await InferenceSession.create(env, network, {
      provider: provider as Provider,
      intraOpNumThreads,
    });
    for (const count of rows.split(",").map(Number)) {
      const sides = [await prepare(env, cpu, count), await prepare(env, other, count)];
      await timeSides(sides);
      const show = (kind: "wall" | "cpu") => {
        const [first, second] = sides.map((side) => median(side[kind]));
        return `${first.toFixed(0)} / ${second.toFixed(0)} ms = ${(first / second).toFixed(2)}`;
      };
      console.log(
        `${network} ${count} rows, cpu / ${provider}: ${show("wall")}, processor's time ` +
          `${show("cpu")}; difference ${differenceOf(sides).toExponential(1)} of the RMS`,
      );
      for (const { inputs, outputs } of sides) {
        for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.close();
      }
    }
  }
}
