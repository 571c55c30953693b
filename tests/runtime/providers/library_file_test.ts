import assert from "node:assert/strict";
import { libraryFile } from "../../../src/runtime/providers/library_file.ts";
import { libraryCandidates } from "../../../ffi/library_search.ts";
import { onSystem } from "../../support/on_system.ts";

const SYSTEMS = ["linux", "darwin", "windows"] as const;

Deno.test("libraryFile() has the prefix and the ending of the system", async () => {
  const names: string[] = [];
  for (const os of SYSTEMS) {
    names.push(await onSystem(os, () => libraryFile("onnxruntime_providers_cuda")));
  }
  assert.deepEqual(names, [
    "libonnxruntime_providers_cuda.so",
    "libonnxruntime_providers_cuda.dylib",
    "onnxruntime_providers_cuda.dll",
  ]);
});

Deno.test("libraryCandidates() has the file names of the system, and the folder of the package", {
  ignore: Boolean(Deno.env.get("ORT_DYLIB_PATH")),
}, async () => {
  const paths = (os: typeof SYSTEMS[number]) =>
    onSystem(os, () => libraryCandidates().map(({ path }) => path));
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  for (
    const [os, folder, npm, system] of [
      ["linux", "linux", "libonnxruntime.so.1", ["libonnxruntime.so", "libonnxruntime.so.1"]],
      ["darwin", "darwin", "libonnxruntime.1.dylib", ["libonnxruntime.dylib"]],
      ["windows", "win32", "onnxruntime.dll", ["onnxruntime.dll"]],
    ] as const
  ) {
    const found = (await paths(os)).map((path) => path.split(/[\\/]/));
    assert.deepEqual(found.slice(0, system.length).map((parts) => parts.at(-1)), system);
    assert.deepEqual(found[system.length].slice(-3), [folder, arch, npm]);
    assert.deepEqual(found.slice(system.length + 1), system.map((name) => [name]));
  }
});
