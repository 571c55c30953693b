/**
 * The converter at full size, on random weights: DiT-XL/2 and the VAE of Stable Diffusion v1.5
 * against PyTorch and diffusers, memory and time against a copy of the checkpoint, and our networks
 * against those of PyTorch's own exporter. Needs Python with torch, diffusers, onnx and
 * safetensors, 12 GB of memory and 15 GB of disk; skipped without Python. `PARATAA_DIT=S` takes a
 * smaller DiT.
 *
 * Times are printed, never asserted.
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { readFixture, relativeError, type Tensors } from "../convert/network_fixture.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const SIZE = Deno.env.get("PARATAA_DIT") ?? "XL";
/** Size at which our DiT and the exporter's are timed. */
const TIMED = "S";
const ROUNDS = 15;
const ignore = !await python(["-c", "import torch, diffusers, onnx, safetensors"])
  .then(() => true, () => false);

async function python(args: readonly string[]): Promise<string> {
  const command = new Deno.Command("python3", { args: [...args], stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(text(stderr).slice(-2000));
  return text(stdout).trim();
}

function reference(...args: string[]): Promise<string> {
  return python([join(import.meta.dirname!, "convert_reference.py"), ...args]);
}

interface Measured {
  seconds: number;
  /** Most memory that was resident at once, MiB. */
  peak: number;
}

/** Runs a command and watches its memory. */
async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const child = new Deno.Command(command, { args: [...args], stdout: "null" }).spawn();
  let ended = false;
  let peak = 0;
  const status = child.status.finally(() => ended = true);
  while (!ended) {
    const text = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1024);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok((await status).success, `${command} ${args.join(" ")}`);
  return { seconds: (performance.now() - started) / 1000, peak };
}

/** Converts as a user would, with no permission but to read and write this folder. */
function convert(folder: string, ...args: string[]): Promise<Measured> {
  const permissions = ["--no-prompt", `--allow-read=${folder}`, `--allow-write=${folder}`];
  return measure(Deno.execPath(), ["run", ...permissions, "scripts/convert.ts", "dit", ...args]);
}

function readCase(folder: string): Tensors {
  return readSafetensors(Deno.readFileSync(join(folder, "case.safetensors"))).tensors;
}

/** Runs a network; a closed session gives its memory back before the next is opened. */
async function run(file: string, inputs: Tensors): Promise<Float32Array> {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, file);
  using feeds = new Feeds(environment, session, inputs);
  return await feeds.run();
}

/** A session's inputs, ready to run as often as wanted. */
class Feeds implements Disposable {
  readonly #feeds: Record<string, Tensor> = {};

  constructor(
    environment: Environment,
    readonly session: InferenceSession,
    inputs: Tensors,
  ) {
    for (const { name } of session.inputs) {
      const { dtype, shape, data } = inputs.get(name)!;
      const type = dtype === "I64" ? "int64" : "float32";
      this.#feeds[name] = new Tensor(environment, type, shape, data.slice() as Float32Array);
    }
  }

  async run(): Promise<Float32Array> {
    const outputs = await this.session.run(this.#feeds);
    const [first] = Object.values(outputs);
    const values = Float32Array.from(first.data as Float32Array);
    for (const output of Object.values(outputs)) output.close();
    return values;
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.#feeds)) tensor.close();
  }
}

Deno.test(
  { name: `convert dit gives DiT-${SIZE}/2 as PyTorch does, in little memory`, ignore },
  () =>
    withTempFolder(async (folder) => {
      const { parameters, zeros, moved } = JSON.parse(await reference("dit", SIZE, folder));
      console.log(`${parameters} parameters, ${zeros} tensors of zeros, moved`, moved);
      assert.equal(zeros, 0);
      for (const change of Object.values(moved)) assert.ok(Number(change) > 0.05);
      const checkpoint = join(folder, "checkpoint.pt");
      const copied = join(folder, "copy");
      const copy = await measure("cp", [checkpoint, copied]);
      Deno.removeSync(copied);
      const synced = await measure("sh", ["-c", `cp "$0" "$1" && sync "$1"`, checkpoint, copied]);
      Deno.removeSync(copied);
      const out = join(folder, "model");
      const inputs = readCase(folder);
      const expected = inputs.get("out_sample")!.data as Float32Array;
      for (
        const [flag, stem, bound] of [["", "model", 1e-4], ["--fp16", "model_fp16", 2e-2]] as const
      ) {
        const flags = [
          "--checkpoint_path",
          checkpoint,
          "--output_path",
          out,
          ...flag ? [flag] : [],
        ];
        const { seconds, peak } = await convert(folder, ...flags);
        const error = relativeError(
          await run(join(out, `transformer/${stem}.onnx`), inputs),
          expected,
        );
        console.log(
          `${stem}: max|a-b|/max|b| ${error.toExponential(1)}; ${seconds.toFixed(1)} s, ` +
            `${(seconds / copy.seconds).toFixed(2)} of a copy (${copy.seconds.toFixed(1)} s), ` +
            `${(seconds / synced.seconds).toFixed(2)} of a copy on disk; peak ${
              peak.toFixed(0)
            } MiB`,
        );
        assert.ok(peak > 0 && peak <= 600, `${peak} MiB`);
        assert.ok(error <= bound, `${error}`);
      }
    }),
);

Deno.test(
  { name: "convert dit --vae_path gives Stable Diffusion's VAE as diffusers does", ignore },
  () =>
    withTempFolder(async (folder) => {
      const vae = join(folder, "vae");
      console.log(await reference("vae", vae, "--export"));
      const checkpoint = join(folder, "dit.safetensors");
      Deno.writeFileSync(checkpoint, writeSafetensors(readFixture("dit_patch2").tensors));
      const out = join(folder, "model");
      const flags = ["--checkpoint_path", checkpoint, "--num_heads", "2", "--vae_path", vae];
      const { seconds, peak } = await convert(folder, ...flags, "--output_path", out);
      console.log(`vae: ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MiB`);
      const inputs = readCase(vae);
      for (
        const [part, output] of [["vae_decoder", "decoded"], ["vae_encoder", "latent_parameters"]]
      ) {
        const expected = inputs.get(output)!.data as Float32Array;
        const file = join(out, part, "model.onnx");
        const error = relativeError(await run(file, inputs), expected);
        console.log(`${part}: max|a-b|/max|b| ${error.toExponential(1)}`);
        assert.ok(error <= 1e-4, `${error}`);
        const theirs = part === "vae_decoder" ? "sample" : "latent_parameters";
        await compareTimes(part, file, join(vae, `exported_${theirs}.onnx`), inputs, 3);
      }
    }),
);

Deno.test(
  { name: `our DiT-${TIMED}/2 beside PyTorch's own export`, ignore },
  () =>
    withTempFolder(async (folder) => {
      await reference("dit", TIMED, folder, "--export");
      const out = join(folder, "model");
      const checkpoint = join(folder, "checkpoint.pt");
      await convert(folder, "--checkpoint_path", checkpoint, "--output_path", out);
      const ours = join(out, "transformer/model.onnx");
      await compareTimes(
        `DiT-${TIMED}/2`,
        ours,
        join(folder, "exported.onnx"),
        readCase(folder),
        ROUNDS,
      );
    }),
);

/** Prints the medians of both networks, run in turn on one thread. */
async function compareTimes(
  name: string,
  ours: string,
  theirs: string,
  inputs: Tensors,
  rounds: number,
): Promise<void> {
  using environment = Environment.open();
  const options = { intraOpNumThreads: 1 };
  await using mine = await InferenceSession.create(environment, ours, options);
  await using other = await InferenceSession.create(environment, theirs, options);
  using first = new Feeds(environment, mine, inputs);
  using second = new Feeds(environment, other, inputs);
  assert.ok(relativeError(await first.run(), await second.run()) <= 1e-4);
  const times: [number, number][] = [];
  for (let i = 0; i < rounds; i++) times.push([await timed(first), await timed(second)]);
  const ratio = median(times.map(([a, b]) => a / b));
  const [a, b] = [0, 1].map((column) => median(times.map((row) => row[column])).toFixed(0));
  console.log(
    `${name}: ours ${a} ms, torch.onnx.export's ${b} ms, median of ratios ${ratio.toFixed(3)}`,
  );
}

async function timed(feeds: Feeds): Promise<number> {
  const started = performance.now();
  await feeds.run();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
