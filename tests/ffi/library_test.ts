import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openLibrary, tableVersion } from "../../ffi/library.ts";
import { libraryCandidates } from "../../ffi/library_search.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { runChild } from "../support/run_child.ts";

const child = new URL("library_child.ts", import.meta.url);

Deno.test("tableVersion() takes the library's minor version, at most 24, and refuses below 17", () => {
  assert.equal(tableVersion("1.17.0"), 17);
  assert.equal(tableVersion("1.20.1"), 20);
  assert.equal(tableVersion("1.24.0"), 24);
  assert.equal(tableVersion("1.32.0-dev"), 24);
  for (const version of ["1.16.3", "1.9.0", "2.0.0", "0.17.0", ""]) {
    assert.throws(() => tableVersion(version), /needs ONNX Runtime 1\.17 or newer, found/);
  }
});

Deno.test("libraryCandidates() tries the executable's folder, the npm package, the system", {
  ignore: Boolean(Deno.env.get("ORT_DYLIB_PATH")),
}, () => {
  const sources = libraryCandidates().map(({ source }) => source);
  assert.deepEqual([...new Set(sources)], [
    "beside the executable",
    "npm package onnxruntime-node",
    "system",
  ]);
});

Deno.test("libraryCandidates() tries an explicit path alone", () => {
  assert.deepEqual(libraryCandidates("/a/b.so"), [{ path: "/a/b.so", source: "given path" }]);
});

Deno.test("openLibrary() opens a library once", () => {
  const library = openLibrary();
  assert.match(library.version, /^1\.\d+\.\d+/);
  assert.ok(library.apiVersion >= 17 && library.apiVersion <= 24);
  assert.equal(openLibrary(library.path), library);
});

Deno.test("openLibrary() lists the path tried and why it failed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const garbage = join(folder, "garbage.so");
    await Deno.writeTextFile(
      garbage,
      "this is no library, and longer than an ELF header is: 64 bytes",
    );
    const empty = join(folder, "empty.so");
    await Deno.writeTextFile(empty, "");
    const cases: [path: string, reason: RegExp][] = [
      [join(folder, "missing.so"), /missing\.so \(given path\): .*No such file/],
      [
        garbage,
        /garbage\.so \(given path\): .*(invalid ELF header|file too short|slice is not valid)/,
      ],
      [empty, /empty\.so \(given path\): .*file too short/],
      [folder, /\(given path\): .*(Is a directory|cannot read file data)/],
      ["libc.so.6", /libc\.so\.6 \(given path\): .*OrtGetApiBase/],
    ];
    for (const [path, reason] of cases) {
      assert.throws(() => openLibrary(path), (error) => {
        assert.ok(error instanceof RuntimeLibraryError, path);
        assert.match(error.message, reason);
        assert.match(error.message, /^cannot open ONNX Runtime; tried 1: /);
        assert.doesNotMatch(error.message, /Could not open library|\n/);
        return true;
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openLibrary() lists every place it looked where there is no library", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // A copy of the sources that has no node_modules beside it.
    const root = new URL("../../", import.meta.url);
    const files = ["src/errors.ts", "tests/ffi/library_child.ts"];
    for (const { name } of Deno.readDirSync(new URL("ffi", root))) files.push(`ffi/${name}`);
    for (const file of files) {
      await Deno.mkdir(join(folder, dirname(file)), { recursive: true });
      await Deno.copyFile(new URL(file, root), join(folder, file));
    }
    const script = new URL(`file://${folder}/tests/ffi/library_child.ts`);
    const { stdout } = await runChild(script, {
      flags: ["--no-config", "--allow-ffi", "--allow-read"],
    });
    assert.match(stdout, /^RuntimeLibraryError 7: cannot open ONNX Runtime; tried \d+: /);
    for (const source of ["beside the executable", "npm package onnxruntime-node", "system"]) {
      assert.match(stdout, new RegExp(`\\(${source}\\): .*No such file`));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openLibrary() without a full grant of ffi names the flag and opens nothing", async () => {
  for (const flags of [[], ["--allow-ffi=/usr"], ["--deny-ffi"]]) {
    const { stdout } = await runChild(child, { flags });
    assert.match(stdout, /^PermissionError 4: .*ffi.* \| .*--allow-ffi/, String(flags));
  }
});

Deno.test("openLibrary() tries ORT_DYLIB_PATH alone where reading it is granted, else ignores it", async () => {
  const env = { ORT_DYLIB_PATH: "/nowhere/libonnxruntime.so" };
  const granted = await runChild(child, {
    flags: ["--allow-ffi", "--allow-env=ORT_DYLIB_PATH"],
    env,
  });
  assert.match(
    granted.stdout,
    /^RuntimeLibraryError 7: .*tried 1: \/nowhere\/libonnxruntime\.so \(ORT_DYLIB_PATH\): .*No such file/,
  );
  const ungranted = await runChild(child, { flags: ["--allow-ffi", "--allow-read"], env });
  assert.match(ungranted.stdout, /^opened .*onnxruntime-node/);
  const empty = await runChild(child, {
    flags: ["--allow-ffi", "--allow-read", "--allow-env=ORT_DYLIB_PATH"],
    env: { ORT_DYLIB_PATH: "" },
  });
  assert.match(empty.stdout, /^opened .*onnxruntime-node/);
});
