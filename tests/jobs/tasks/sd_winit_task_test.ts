import assert from "node:assert/strict";
import { join } from "node:path";
import { FormatError, MismatchError, type ParataaError, UsageError } from "../../../src/errors.ts";
import { writeNpy } from "../../../src/formats/npy/npy.ts";
import {
  readSafetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";
import { encodePng } from "../../../src/images/encode_png.ts";
import { createSchedule } from "../../../src/sampling/schedules/schedule.ts";
import { outputsOf, readManifest, readSample, runQuietly } from "../../support/sampling.ts";
import { copyFolder, withTempFolder } from "../../support/temp_folder.ts";

const MODEL = "tests/fixtures/layouts/plain";
const STEPS = 6, ROW = 4 * 8 * 8;

function winit(folder: string, args: string[] = []): Promise<string> {
  const fixed = ["-m", MODEL, "-o", folder, "--variation_steps=4"];
  const timesteps = args.some((arg) => arg.startsWith("--timesteps"))
    ? []
    : [`--timesteps=${STEPS}`];
  return runQuietly("sd-winit", [...fixed, ...timesteps, ...args]);
}

Deno.test("parallel_sd_winit starts the second prompt from the first one's trajectory", () =>
  withTempFolder(async (folder) => {
    const run = await winit(folder, ["--tol1=0", "--tol2=0"]);
    const { samples } = await readManifest(run);
    assert.deepEqual(samples.map((s) => s.condition.prompt), ["a cute dog", "a cute cat"]);
    const first = await readSample(run, 0), second = await readSample(run, 1);
    assert.deepEqual(second.noise, first.noise);
    // What lies above the variation steps is kept, what lies below is solved anew.
    assert.deepEqual(second.trajectory.slice(4 * ROW), first.trajectory.slice(4 * ROW));
    assert.notDeepEqual(
      second.trajectory.slice(3 * ROW, 4 * ROW),
      first.trajectory.slice(3 * ROW, 4 * ROW),
    );
    assert.ok(samples[1].rounds <= 4 && samples[1].nfe <= 4 * 4);
  }));

Deno.test("parallel_sd_winit --init_trajectory gives the same result as one run of both prompts", () =>
  withTempFolder(async (folder) => {
    const run = await winit(folder);
    const file = join(run, "sample_0/trajectory.safetensors");
    const later = await winit(folder, ["--init_trajectory", file]);
    const { samples, arguments: args } = await readManifest(later);
    assert.deepEqual(samples.map((s) => s.condition.prompt), ["a cute cat"]);
    assert.equal(args.init_trajectory, file);
    const at = (outputs: Awaited<ReturnType<typeof outputsOf>>, i: number) =>
      outputs[`sample_${i}/contact_sheet.png`];
    assert.deepEqual(at(await outputsOf(later), 0), at(await outputsOf(run), 1));
    const repeated = await winit(folder, ["--args_from", join(later, "manifest.json")]);
    assert.deepEqual(await outputsOf(repeated), await outputsOf(later));
    // A trajectory of parallel_sd serves too.
    const sd = await runQuietly("sd", [
      "-m",
      MODEL,
      "-o",
      folder,
      "-p",
      "a cute dog",
      "-b",
      "1",
      `--timesteps=${STEPS}`,
    ]);
    const fromSd = await winit(folder, [
      "--init_trajectory",
      join(sd, "sample_0/trajectory.safetensors"),
    ]);
    assert.deepEqual(at(await outputsOf(fromSd), 0), at(await outputsOf(run), 1));
  }));

Deno.test("parallel_sd_winit refuses the trajectory of another run and names the difference", () =>
  withTempFolder(async (folder) => {
    const run = await winit(folder);
    const good = await Deno.readFile(join(run, "sample_0/trajectory.safetensors"));
    const { tensors, metadata } = readSafetensors(good);
    const trajectory = tensors.get("trajectory")!, noise = tensors.get("noise")!;
    const nan = (trajectory.data as Float64Array).slice();
    nan[7] = NaN;
    const write = async (
      name: string,
      entries: [string, SafetensorsTensor][],
      changes: [string, string][] = [],
    ) => {
      const file = join(folder, name);
      await Deno.writeFile(
        file,
        writeSafetensors(new Map(entries), new Map([...metadata, ...changes])),
      );
      return file;
    };
    const both: [string, SafetensorsTensor][] = [["trajectory", trajectory], ["noise", noise]];
    const flat: SafetensorsTensor = {
      dtype: "F64",
      shape: [STEPS + 1, ROW],
      data: trajectory.data as Float64Array,
    };
    const reversed: SafetensorsTensor = {
      ...trajectory,
      data: (trajectory.data as Float64Array).toReversed(),
    } as SafetensorsTensor;
    const whole: SafetensorsTensor = {
      dtype: "I64",
      shape: trajectory.shape,
      data: new BigInt64Array(trajectory.data.length),
    };
    await Deno.writeFile(join(folder, "cut"), good.subarray(0, good.length - 9));
    const cases: [
      file: string,
      args: string[],
      kind: typeof MismatchError | typeof FormatError,
      RegExp,
    ][] = [
      [
        await write("model", both, [["model_sha256", "0".repeat(64)]]),
        [],
        MismatchError,
        /model_sha256 is 0{60}…, this run has/,
      ],
      [await write("eta", both, [["eta", "1"]]), [], MismatchError, /eta is 1, this run has 0/],
      [
        await write("schedule", both, [["timesteps", "[1,2,3,4,5,6]"]]),
        [],
        MismatchError,
        /timesteps is \[1,2,3,4,5,6\]/,
      ],
      [
        await write("steps", both),
        ["--timesteps=7"],
        MismatchError,
        /shape of trajectory is \[7,4,8,8\], this run has \[8,4,8,8\]/,
      ],
      [
        await write("shape", [["trajectory", flat], ["noise", noise]]),
        [],
        FormatError,
        /shape of trajectory is \[7,256\]/,
      ],
      [
        await write("dtype", [["trajectory", whole], ["noise", noise]]),
        [],
        FormatError,
        /dtype of trajectory is I64/,
      ],
      [
        await write("nan", [["trajectory", { ...trajectory, data: nan } as SafetensorsTensor], [
          "noise",
          noise,
        ]]),
        [],
        FormatError,
        /trajectory holds NaN at element 7/,
      ],
      [
        await write("renamed", [["path", trajectory], ["noise", noise]]),
        [],
        FormatError,
        /no tensor named trajectory/,
      ],
      [
        await write("order", [["trajectory", reversed], ["noise", noise]]),
        [],
        FormatError,
        /order of trajectory: its last row is not the initial noise/,
      ],
      [
        await write("levels", both, [["levels_sha256", "1".repeat(64)]]),
        [],
        MismatchError,
        /levels_sha256 is 1{60}/,
      ],
      [join(folder, "cut"), [], FormatError, /cut/],
    ];
    for (const [file, args, kind, message] of cases) {
      await assert.rejects(winit(folder, ["--init_trajectory", file, ...args]), (error: Error) => {
        assert.ok(error instanceof kind, `${file}: ${error}`);
        assert.match(error.message, message);
        assert.equal((error as ParataaError).exitCode, kind === MismatchError ? 10 : 3);
        return true;
      });
    }
    // --force_warm relaxes the model and eta, never the schedule or the shape.
    for (const name of ["model", "eta"]) {
      await winit(folder, ["--init_trajectory", join(folder, name), "--force_warm"]);
    }
    for (const name of ["schedule", "steps"]) {
      const args = name === "steps" ? ["--timesteps=7"] : [];
      await assert.rejects(
        winit(folder, ["--init_trajectory", join(folder, name), "--force_warm", ...args]),
        MismatchError,
      );
    }
  }));

Deno.test("parallel_sd_winit --init_latents starts from a latent noised with the run's own noise", () =>
  withTempFolder(async (folder) => {
    const latent = Float64Array.from({ length: ROW }, (_, i) => Math.sin(i));
    const npy = join(folder, "latent.npy");
    await Deno.writeFile(npy, writeNpy([4, 8, 8], latent));
    const run = await winit(folder, ["--init_latents", npy, "--seed=2", "--tol1=0", "--tol2=0"]);
    const { trajectory, noise } = await readSample(run);
    const a =
      createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS }).alphasCumprod[3];
    for (let i = 0; i < ROW; i++) {
      const wanted = Math.sqrt(a) * latent[i] + Math.sqrt(1 - a) * noise[STEPS * ROW + i];
      assert.ok(Math.abs(trajectory[4 * ROW + i] - wanted) < 1e-12, `element ${i} of x_4`);
    }
    const safetensors = join(folder, "latent.safetensors");
    const tensor: SafetensorsTensor = { dtype: "F64", shape: [4, 8, 8], data: latent };
    await Deno.writeFile(safetensors, writeSafetensors(new Map([["latents", tensor]]), new Map()));
    const again = await winit(folder, [
      "--init_latents",
      safetensors,
      "--seed=2",
      "--tol1=0",
      "--tol2=0",
    ]);
    assert.deepEqual((await readSample(again)).trajectory, trajectory);
    await Deno.writeFile(npy, writeNpy([4, 4, 4], latent.slice(64, 128)));
    await assert.rejects(
      winit(folder, ["--init_latents", npy]),
      /shape is \[4,4,4\], this run has \[4,8,8\]/,
    );
    latent[3] = Infinity;
    await Deno.writeFile(npy, writeNpy([4, 8, 8], latent));
    await assert.rejects(winit(folder, ["--init_latents", npy]), /Infinity at element 3/);
  }));

const LATENTS = "tests/fixtures/latents";

Deno.test("parallel_sd_winit --init_latents accepts a batch of one", () =>
  withTempFolder(async (folder) => {
    const start = async (file: string) => {
      const run = await winit(folder, [`--init_latents=${LATENTS}/${file}`, "--seed=2"]);
      return (await readSample(run)).trajectory;
    };
    assert.deepEqual(await start("batch1.npy"), await start("f32.npy"));
    const twice = join(folder, "twice.npy");
    await Deno.writeFile(twice, writeNpy([2, 4, 8, 8], new Float32Array(2 * ROW)));
    await assert.rejects(winit(folder, [`--init_latents=${twice}`]), /shape is \[2,4,8,8\]/);
  }));

Deno.test("parallel_sd_winit names the right flag for a file given to another flag", () =>
  withTempFolder(async (folder) => {
    const cases: [flag: string, file: string, message: RegExp][] = [
      [
        "init_latents",
        `${LATENTS}/lat.pt`,
        /lat\.pt is a PyTorch checkpoint, wanted npy or safetensors/,
      ],
      ["init_trajectory", `${LATENTS}/f32.npy`, /is a NumPy array.*, wanted the trajectory/],
      ["init_image", `${LATENTS}/f32.npy`, /is a NumPy array.*, wanted a PNG or JPEG image/],
    ];
    for (const [flag, file, message] of cases) {
      await assert.rejects(winit(folder, [`--${flag}=${file}`]), (error: Error) => {
        assert.ok(error instanceof FormatError, `${flag} ${file}: ${error}`);
        assert.match(error.message, message);
        assert.match(error.hint!, flag === "init_latents" ? /numpy\.save/ : /--init_latents$/);
        return true;
      });
    }
  }));

Deno.test("parallel_sd_winit refuses flags that contradict each other", () =>
  withTempFolder(async (folder) => {
    const cases: [string[], RegExp][] = [
      [
        ["--init_trajectory=a", "--init_latents=b"],
        /--init_trajectory and --init_latents are given, wanted at most one/,
      ],
      [["--init_trajectory=a", "--seed=1"], /--seed is not used with --init_trajectory/],
      [["--init_latents=a", "--prompt1=x"], /--prompt1 is not used with --init_latents/],
      [["--timesteps=3"], /--variation_steps is 4 but takes a whole number, 1-3 \(--timesteps\)/],
      [["--init_trajectory=/nosuch"], /--init_trajectory \/nosuch cannot be read/],
    ];
    for (const [args, message] of cases) {
      await assert.rejects(winit(folder, args), (error: Error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("parallel_sd_winit --compare_scratch records the savings of the warm start", () =>
  withTempFolder(async (folder) => {
    const run = await winit(folder, ["--compare_scratch", "--tol1=1e-6", "--tol2=0"]);
    const [first, { comparison, nfe }] = (await readManifest(run)).samples;
    assert.equal(first.comparison, undefined);
    assert.ok(comparison!.scratch.rounds <= STEPS && comparison!.scratch.nfe > nfe);
    assert.ok(comparison!.distance.warm_to_own_chain < 1e-4);
    assert.ok(comparison!.distance.scratch_to_sequential < 1e-4);
    assert.ok(comparison!.distance.warm_to_sequential > 1e-4);
  }));

Deno.test("parallel_sd_winit --init_image starts from an image, encoded by the VAE", () =>
  withTempFolder(async (folder) => {
    const model = [
      "-m",
      "tests/fixtures/layouts/optimum_steps",
      "-H",
      "16",
      "-W",
      "16",
      "-o",
      folder,
    ];
    const start = (args: string[]) =>
      runQuietly("sd-winit", [...model, `--timesteps=${STEPS}`, "--variation_steps=3", ...args]);
    const png = join(folder, "image.png");
    const image = {
      width: 20,
      height: 12,
      data: Uint8Array.from({ length: 20 * 12 * 3 }, (_, i) => i % 251),
    };
    await Deno.writeFile(png, encodePng(image));
    const run = await start(["--init_image", png, "--seed=3"]);
    const manifest = await readManifest(run);
    assert.ok(
      "vae_encoder/model.onnx" in manifest.model.files,
      Object.keys(manifest.model.files).join(),
    );
    assert.equal(manifest.samples.length, 1);
    const again = await start(["--init_image", png, "--seed=3"]);
    assert.deepEqual(await outputsOf(again), await outputsOf(run));
    const bytes = await Deno.readFile(png);
    const cases: [string, Uint8Array, RegExp][] = [
      ["cut.png", bytes.subarray(0, bytes.length - 8), /cut\.png/],
      ["words.png", new TextEncoder().encode("no image"), /words\.png/],
      ["empty.jpg", new Uint8Array(), /empty\.jpg/],
    ];
    for (const [name, content, message] of cases) {
      await Deno.writeFile(join(folder, name), content);
      await assert.rejects(start(["--init_image", join(folder, name)]), (error: Error) => {
        assert.ok(error instanceof FormatError, String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("parallel_sd_winit refuses the trajectory of a model with other external data", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder("tests/fixtures/layouts/optimum_steps", model);
    const args = ["-m", model, "-H", "16", "-W", "16", "-o", folder, `--timesteps=${STEPS}`];
    const run = await runQuietly("sd", [...args, "-b", "1"]);
    const start = [
      "--variation_steps=2",
      "--init_trajectory",
      join(run, "sample_0/trajectory.safetensors"),
    ];
    await runQuietly("sd-winit", [...args, ...start]);
    const weights = join(model, "unet/model.onnx_data");
    const bytes = await Deno.readFile(weights);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(weights, bytes);
    await assert.rejects(runQuietly("sd-winit", [...args, ...start]), /model_sha256 is/);
  }));
