import assert from "node:assert/strict";
import { dirname, posix } from "node:path";
import { libraryFiles, PLATFORMS } from "../../../scripts/package/contents.ts";
import { packagePlatform } from "../../../scripts/package/main.ts";

Deno.test("libraryFiles() has the library of each target, and on Windows those beside it", async () => {
  const names: Record<string, string[]> = {};
  for (const [target, platform] of Object.entries(PLATFORMS)) {
    const files = await libraryFiles(platform);
    assert.equal(new Set([...files.keys()].map(dirname)).size, 1, "all lie in one folder");
    for (const bytes of files.values()) assert.ok(bytes.length > 1_000_000);
    names[target] = [...files.keys()].map((path) => posix.basename(path));
  }
  assert.deepEqual(names, {
    "x86_64-unknown-linux-gnu": ["libonnxruntime.so.1"],
    "aarch64-unknown-linux-gnu": ["libonnxruntime.so.1"],
    "aarch64-apple-darwin": ["libonnxruntime.1.dylib"],
    "x86_64-pc-windows-msvc": ["onnxruntime.dll", "DirectML.dll", "dxil.dll", "dxcompiler.dll"],
  });
});

Deno.test("packagePlatform() takes the targets that have a shell, and names them", () => {
  assert.equal(packagePlatform("aarch64-apple-darwin"), PLATFORMS["aarch64-apple-darwin"]);
  for (const target of ["x86_64-pc-windows-msvc", "x86_64-apple-darwin"]) {
    assert.throws(
      () => packagePlatform(target),
      /runs on x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu, aarch64-apple-darwin, this is/,
    );
  }
});
