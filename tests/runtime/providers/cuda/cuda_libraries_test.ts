import assert from "node:assert/strict";
import { join } from "node:path";
import { PermissionError, RuntimeLibraryError } from "../../../../src/errors.ts";
import { loadCudaLibraries } from "../../../../src/runtime/providers/cuda/cuda_libraries.ts";
import type { Environment } from "../../../../src/runtime/environment.ts";
import { elfLibrary } from "../../../support/elf_builder.ts";
import { withTempFolder } from "../../../support/temp_folder.ts";

const LINUX = { ignore: Deno.build.os !== "linux" };

// No loader has these: the version behind .so. is nobody's.
const NEEDED = ["libcublasLt.so.99", "libcublas.so.99", "libcurand.so.98", "libc.so.6"];

/** ONNX Runtime in `folder`, as far as the libraries are concerned. */
function core(folder: string): Environment {
  const libraryPath = join(folder, "libonnxruntime.so.1");
  return { version: "1.30.0", libraryPath } as Environment;
}

async function writeProvider(folder: string, version = "1.30.0"): Promise<void> {
  await Deno.writeFile(join(folder, "libonnxruntime_providers_shared.so"), new Uint8Array());
  await Deno.writeFile(
    join(folder, "libonnxruntime_providers_cuda.so"),
    elfLibrary({ needed: NEEDED, constants: `\0a\0${version}\0b\0` }),
  );
}

function failure(action: () => unknown): RuntimeLibraryError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof RuntimeLibraryError, String(error));
    assert.doesNotMatch(error.message, /\n/);
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

Deno.test(
  "loadCudaLibraries() names the library of ONNX Runtime that is missing",
  LINUX,
  () =>
    withTempFolder(async (folder) => {
      const missing = (name: string) =>
        `cannot use the CUDA provider: ${name} is missing beside libonnxruntime`;
      assert.equal(
        failure(() => loadCudaLibraries(core(folder))).message,
        missing("libonnxruntime_providers_shared.so"),
      );
      await Deno.writeFile(join(folder, "libonnxruntime_providers_shared.so"), new Uint8Array());
      const { message, hint } = failure(() => loadCudaLibraries(core(folder)));
      assert.equal(message, missing("libonnxruntime_providers_cuda.so"));
      assert.match(hint ?? "", /onnxruntime-gpu on PyPI .*--ort_lib/);
    }),
);

Deno.test(
  "loadCudaLibraries() refuses a provider of another version than the core",
  LINUX,
  () =>
    withTempFolder(async (folder) => {
      await writeProvider(folder, "1.31.1");
      const { message, hint } = failure(() => loadCudaLibraries(core(folder)));
      assert.equal(
        message,
        `cannot use the CUDA provider: ONNX Runtime is 1.30.0 but ${folder}/libonnxruntime_providers_cuda.so is of 1.31.1`,
      );
      assert.equal(hint, "take both from one wheel: onnxruntime-gpu==1.30.0");
    }),
);

Deno.test(
  "loadCudaLibraries() lists all that is missing, its packages, and where it looked",
  LINUX,
  () =>
    withTempFolder(async (folder) => {
      await writeProvider(folder);
      const { message, hint } = failure(() =>
        loadCudaLibraries(core(folder), { folder: join(folder, "libs") })
      );
      for (
        const part of [
          "libcublasLt.so.99 and libcublas.so.99 (PyPI: nvidia-cublas)",
          "libcurand.so.98 (PyPI: nvidia-curand)",
          `not found; tried ${folder}/libs, ${folder}/libs/nvidia/*/lib, ${folder}/libs/*/lib, ${folder},`,
          "the system's own search",
        ]
      ) assert.ok(message.includes(part), `${part} in ${message}`);
      assert.match(hint ?? "", /--cuda_libs/);
    }),
);

Deno.test(
  "loadCudaLibraries() says which file it found and could not open",
  LINUX,
  () =>
    withTempFolder(async (folder) => {
      await writeProvider(folder);
      const wheel = join(folder, "nvidia", "cublas", "lib");
      await Deno.mkdir(wheel, { recursive: true });
      await Deno.writeTextFile(
        join(wheel, "libcublas.so.99"),
        "no library, and longer than a head is: 64 bytes",
      );
      const { message } = failure(() => loadCudaLibraries(core(folder), { folder }));
      assert.match(
        message,
        /; unusable: .+\/nvidia\/cublas\/lib\/libcublas\.so\.99: .*(ELF|too short)/,
      );
    }),
);

Deno.test(
  "loadCudaLibraries() without permission to read names the flag",
  LINUX,
  () =>
    withTempFolder(async (folder) => {
      await writeProvider(folder);
      const query = Deno.permissions.querySync;
      try {
        Deno.permissions.querySync = () => ({ state: "prompt" }) as Deno.PermissionStatus;
        assert.throws(() => loadCudaLibraries(core(folder)), (error) => {
          assert.ok(error instanceof PermissionError);
          assert.equal(error.hint, `run again with --allow-read=${folder} added`);
          return true;
        });
      } finally {
        Deno.permissions.querySync = query;
      }
    }),
);

Deno.test("loadCudaLibraries() leaves a library that the system found to ONNX Runtime", () => {
  const env = { version: "1.30.0", libraryPath: "libonnxruntime.so" } as Environment;
  assert.deepEqual(loadCudaLibraries(env), []);
});
