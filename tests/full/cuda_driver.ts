/**
 * Walks from a machine with nothing of CUDA to the driver's answer, library by library, and holds
 * every line that a user reads on the way to what is written here. Needs gcc, and what
 * `pip install --no-deps --target DIR` makes of onnxruntime-gpu and NVIDIA's wheels (3 GB), in the
 * folder that `PARATAA_CUDA` names; skipped without it. `deno task test:cuda -- --download` fills
 * the folder first.
 * @module
 */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { libraryCandidates } from "../../ffi/library_search.ts";
import { readCudaDriver } from "../../ffi/cuda_driver.ts";
import { readSharedObject } from "../../src/runtime/providers/shared_object.ts";
import { runChild } from "../support/run_child.ts";

const WHEELS = [
  "onnxruntime-gpu",
  "nvidia-cuda-runtime",
  "nvidia-nvjitlink",
  "nvidia-cublas",
  "nvidia-curand",
  "nvidia-cufft",
  "nvidia-cuda-nvrtc",
  "nvidia-cudnn-cu13",
];

const folder = Deno.env.get("PARATAA_CUDA");
if (folder !== undefined && Deno.args.includes("--download")) await download(folder);
const site = folder === undefined ? "" : resolve(folder);
// A machine with a driver of its own cannot play one without.
const ignore = folder === undefined || Deno.build.os !== "linux" || readCudaDriver() !== undefined;
const npm = libraryCandidates().find(({ source }) => source.startsWith("npm package"))?.path ?? "";

async function download(target: string): Promise<void> {
  const command = ["-m", "pip", "install", "--no-deps", "--target", target, ...WHEELS];
  const { success } = await new Deno.Command("python3", { args: command }).spawn().status;
  assert.ok(success, "pip could not download the wheels");
}

/** A machine that has these libraries. */
interface Machine {
  /** Files beside ONNX Runtime's core, of its wheel. */
  providers: readonly string[];
  /** NVIDIA's libraries that the loader finds. */
  libraries: readonly string[];
  driver?: boolean;
  env?: Record<string, string>;
}

/** Makes the machine in `place` out of links, asks for CUDA there, and returns the line. */
async function ask(
  place: string,
  machine: Machine,
  { way = "session", options = {} }: { way?: "session" | "open"; options?: object } = {},
): Promise<string> {
  await Deno.mkdir(join(place, "ort"), { recursive: true });
  await Deno.mkdir(join(place, "system"), { recursive: true });
  const capi = join(site, "onnxruntime", "capi");
  const core = [...Deno.readDirSync(capi)].find(({ name }) => /^libonnxruntime\.so/.test(name));
  assert.ok(core, `${capi} has no libonnxruntime`);
  const link = (from: string, to: string) => Deno.symlink(from, to).catch(ifThere);
  await link(join(capi, core.name), join(place, "ort", core.name));
  for (const name of machine.providers) await link(join(capi, name), join(place, "ort", name));
  for (const name of machine.libraries) await link(wheelFile(name), join(place, "system", name));
  const { stdout, stderr, code } = await runChild(
    new URL("cuda/ask_for_cuda.ts", import.meta.url),
    {
      flags: ["--allow-all"],
      args: [way, join(place, "ort", core.name), JSON.stringify(options)],
      env: {
        ...machine.env,
        LD_LIBRARY_PATH: [join(place, "system"), ...machine.driver ? [place] : []].join(":"),
      },
    },
  );
  assert.equal(code, 0, stderr);
  return stdout;
}

function ifThere(error: unknown): void {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
}

/** A library of NVIDIA's in its wheel. */
function wheelFile(name: string): string {
  for (const { name: part } of Deno.readDirSync(join(site, "nvidia"))) {
    const path = join(site, "nvidia", part, "lib", name);
    try {
      Deno.statSync(path);
      return path;
    } catch (error) {
      if (
        !(error instanceof Deno.errors.NotFound) && !(error instanceof Deno.errors.NotADirectory)
      ) {
        throw error;
      }
    }
  }
  throw new Error(`${site}/nvidia/*/lib has no ${name}`);
}

async function buildDriver(place: string): Promise<void> {
  const source = join(import.meta.dirname!, "cuda", "stand_in_driver.c");
  const args = ["-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o"];
  const { success, stderr } = await new Deno.Command("gcc", {
    args: [...args, join(place, "libcuda.so.1"), source],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const BRIDGE = "libonnxruntime_providers_shared.so";
const CUDA = "libonnxruntime_providers_cuda.so";
const BOTH = [BRIDGE, CUDA];

/** What the machine itself has of NVIDIA's, without a driver; nothing can be missing of it. */
function onThisMachine(soname: string): boolean {
  const { stdout } = new Deno.Command("ldconfig", { args: ["-p"] }).outputSync();
  return new TextDecoder().decode(stdout).includes(`\t${soname} `);
}

const NO = "7: cannot use the CUDA provider:";
const PACKAGES: [soname: string, name: string][] = [
  ["libcublasLt.so.13", "nvidia-cublas"],
  ["libcublas.so.13", "nvidia-cublas"],
  ["libcurand.so.10", "nvidia-curand"],
  ["libcudart.so.13", "nvidia-cuda-runtime"],
];

Deno.test(
  "a session on CUDA says what is missing, from the core alone to the driver",
  { ignore },
  async (test) => {
    const place = await Deno.makeTempDir({ prefix: "parataa-cuda-" });
    const step = (state: string, machine: Machine, line: string, options = {}) =>
      test.step(state, async () => {
        const met = await ask(place, machine, { options });
        console.log(`${state}: ${met}`);
        assert.ok(met.startsWith(line), `${met}\nwanted ${line}`);
      });
    try {
      await step(
        "core alone",
        { providers: [], libraries: [] },
        `${NO} ${BRIDGE} is missing beside libonnxruntime - `,
      );
      await step(
        "+ shared",
        { providers: [BRIDGE], libraries: [] },
        `${NO} ${CUDA} is missing beside libonnxruntime - `,
      );
      const libraries: string[] = [];
      for (const [soname, name] of PACKAGES) {
        if (!onThisMachine(soname)) {
          const state = libraries.length === 0 ? "+ cuda" : `+ ${libraries.at(-1)}`;
          const line = `${NO} ${soname} is missing, PyPI's ${name} has it - --cuda_libs names`;
          await step(state, { providers: BOTH, libraries }, line);
        }
        libraries.push(soname);
      }
      const whole = { providers: BOTH, libraries };
      await step(
        "all of NVIDIA's libraries",
        whole,
        `${NO} no NVIDIA driver (libcuda.so.1 is not on this machine) - `,
      );
      await buildDriver(place);
      const driven = { ...whole, driver: true };
      await step(
        "stand-in driver without a device",
        driven,
        `${NO} the NVIDIA driver sees no device (CUDA failure 100: `,
      );
      const old = { ...driven, env: { STUB_DEVICES: "1", STUB_VERSION: "12020" } };
      await step(
        "stand-in driver for CUDA 12.2",
        old,
        `${NO} the NVIDIA driver is too old for this CUDA (CUDA failure 35: `,
      );
    } finally {
      await Deno.remove(place, { recursive: true });
    }
  },
);

Deno.test(
  "openCuda() names all that is missing at once, and finds the wheels without LD_LIBRARY_PATH",
  { ignore },
  async (test) => {
    const place = await Deno.makeTempDir({ prefix: "parataa-cuda-" });
    const step = (state: string, machine: Machine, line: RegExp, options: object = {}) =>
      test.step(state, async () => {
        const met = await ask(place, machine, { way: "open", options });
        console.log(`${state}: ${met}`);
        assert.match(met, line);
      });
    const bare = { providers: [], libraries: [] };
    try {
      await step(
        "no driver",
        bare,
        /^7: .* no NVIDIA driver \(libcuda\.so\.1 is not on this machine\)/,
      );
      await buildDriver(place);
      await step(
        "no device",
        { ...bare, driver: true },
        /^7: .* the NVIDIA driver has no device for us \(CUDA error 100: no CUDA-capable device/,
      );
      const driven = { ...bare, driver: true, env: { STUB_DEVICES: "1" } };
      await step(
        "core alone",
        driven,
        /^7: .* libonnxruntime_providers_shared\.so is missing beside libonnxruntime/,
      );
      const provided = { ...driven, providers: BOTH };
      await step(
        "no library of NVIDIA's",
        provided,
        /libcublasLt\.so\.13 and libcublas\.so\.13 \(PyPI: nvidia-cublas\), libcurand\.so\.10 \(PyPI: nvidia-curand\), libcudnn\.so\.9 \(PyPI: nvidia-cudnn-cu13\) not found; tried /,
      );
      // What the stand-in answers to CUDA's runtime is an error: this is as far as it goes.
      await step("--cuda_libs", provided, /^7: .* CUDA failure \d+: /, { folder: site });
      const old = { ...provided, env: { STUB_DEVICES: "1", STUB_VERSION: "12020" } };
      await step("old driver", old, /^7: .* is too old for this CUDA \(CUDA failure 35: /, {
        folder: site,
      });
    } finally {
      await Deno.remove(place, { recursive: true });
    }
  },
);

Deno.test("openCuda() compares the versions of the npm package's core and the wheel's provider", {
  ignore,
}, async () => {
  const place = await Deno.makeTempDir({ prefix: "parataa-cuda-" });
  try {
    await buildDriver(place);
    const core = join(place, "libonnxruntime.so.1");
    await Deno.symlink(npm, core);
    for (const name of BOTH) {
      await Deno.symlink(join(site, "onnxruntime", "capi", name), join(place, name));
    }
    const version = (path: string) =>
      readSharedObject(path).constants.match(/(?<=\0)1\.(1[7-9]|[2-9]\d)\.\d+(?=\0)/)?.[0];
    const [own, other] = [version(npm), version(join(place, CUDA))];
    const { stdout } = await runChild(new URL("cuda/ask_for_cuda.ts", import.meta.url), {
      flags: ["--allow-all"],
      args: ["open", core, JSON.stringify({ folder: site })],
      env: { LD_LIBRARY_PATH: place, STUB_DEVICES: "1" },
    });
    console.log(`core ${own}, provider ${other}: ${stdout}`);
    if (own === other) assert.match(stdout, /CUDA failure \d+: /);
    else {
      const line = `${NO} ONNX Runtime is ${own} but ${
        join(place, CUDA)
      } is of ${other} - take both from one wheel: onnxruntime-gpu==${own}`;
      assert.equal(stdout, line);
    }
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});
