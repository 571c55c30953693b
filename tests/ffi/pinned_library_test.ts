import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { PINNED, requirePinned } from "../../ffi/pinned_library.ts";
import { PermissionError } from "../../src/errors.ts";
import { digestFile } from "../../src/storage/hash.ts";
import { runChild } from "../support/run_child.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const ROOT = new URL("../../", import.meta.url);
const PACKAGE = "node_modules/onnxruntime-node/bin/napi-v6";

/** Where the package keeps each library. */
const FILES: Readonly<Record<string, string>> = {
  "linux-x86_64": "linux/x64/libonnxruntime.so.1",
  "linux-aarch64": "linux/arm64/libonnxruntime.so.1",
  "darwin-aarch64": "darwin/arm64/libonnxruntime.1.dylib",
  "windows-x86_64": "win32/x64/onnxruntime.dll",
  "windows-aarch64": "win32/arm64/onnxruntime.dll",
  "windows-x86_64 DirectML.dll": "win32/x64/DirectML.dll",
  "windows-aarch64 DirectML.dll": "win32/arm64/DirectML.dll",
};

Deno.test("PINNED holds the hashes of every library in the package", async () => {
  assert.deepEqual(Object.keys(PINNED), Object.keys(FILES));
  for (const [platform, file] of Object.entries(FILES)) {
    const { sha256 } = await digestFile(fileURLToPath(new URL(`${PACKAGE}/${file}`, ROOT)));
    assert.equal(sha256, PINNED[platform], platform);
  }
});

/** The sources and a library in a folder of their own; opens it as a script would. */
function withLibrary(
  test: (library: string, open: (...env: string[]) => Promise<string>) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const sources = ["src/errors.ts", "tests/ffi/library_child.ts"];
    for (const { name } of Deno.readDirSync(new URL("ffi", ROOT))) sources.push(`ffi/${name}`);
    for (const file of sources) {
      await Deno.mkdir(join(folder, dirname(file)), { recursive: true });
      await Deno.copyFile(new URL(file, ROOT), join(folder, file));
    }
    const { os, arch } = Deno.build;
    const published = fileURLToPath(new URL(`${PACKAGE}/${FILES[`${os}-${arch}`]}`, ROOT));
    const library = join(folder, relative(fileURLToPath(ROOT), published));
    await Deno.mkdir(dirname(library), { recursive: true });
    await Deno.copyFile(published, library);
    const script = new URL(`file://${folder}/tests/ffi/library_child.ts`);
    await test(library, async (named) => {
      const { stdout, stderr } = await runChild(script, {
        flags: [
          "--no-config",
          "--allow-ffi",
          "--allow-env=ORT_DYLIB_PATH",
          `--allow-read=${folder}`,
        ],
        env: { ORT_DYLIB_PATH: named ?? "" },
      });
      return stdout || stderr;
    });
  });
}

Deno.test("openLibrary() runs a changed, cut or linked library only if it is named", () =>
  withLibrary(async (library, open) => {
    assert.match(await open(), /^opened /);
    const bytes = await Deno.readFile(library);
    const faults: Record<string, () => Promise<void>> = {
      // The last byte lies beyond all that is loaded: the library would run.
      swapped: () => Deno.writeFile(library, bytes.with(-1, bytes.at(-1)! ^ 1)),
      cut: () => Deno.truncate(library, bytes.length / 2),
      link: async () => {
        await Deno.writeFile(`${library}.2`, bytes);
        await Deno.remove(library);
        await Deno.symlink(`${library}.2`, library);
      },
    };
    for (const [what, fault] of Object.entries(faults)) {
      await fault();
      const refused = await open();
      assert.match(
        refused,
        /^PermissionError 4: will not run .+: (its SHA-256 is|it is a symbolic link)/,
        what,
      );
      assert.match(refused, /--ort_lib .+ accepts it unverified$/, what);
      if (what !== "cut") assert.match(await open(library), /^opened /, `${what}, named`);
    }
  }));

Deno.test("requirePinned() refuses what it may not read, and leaves a missing file to the loader", async () => {
  requirePinned("/nowhere/libonnxruntime.so.1");
  const { stdout } = await runChild(new URL("library_child.ts", import.meta.url), {
    flags: ["--allow-ffi"],
  });
  assert.match(stdout, /^PermissionError 4: cannot verify .+ before running it \| .*--allow-read/);
  assert.throws(() => requirePinned(fileURLToPath(new URL("deno.json", ROOT))), PermissionError);
});
