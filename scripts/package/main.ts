/**
 * `deno task package`: packs parataa for Linux x64 into one file that needs no Deno, no Node and no
 * network.
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { VERSION } from "../../src/version.ts";
import { concat, packArchive } from "./archive.ts";
import { bundle, collectFiles, libraryFile, PLATFORMS, ROOT } from "./contents.ts";
import { commandCases, stubText } from "./stub.ts";

const TARGET = "x86_64-unknown-linux-gnu";

/** Content of the single file. */
export interface PackageInput {
  /** Files of the unpacked folder by path, including `deno`. */
  files: ReadonlyMap<string, Uint8Array>;
  /** The unpacker's JavaScript. */
  unpacker: Uint8Array;
  /** Lines of the stub's `case`. */
  cases: string;
}

/** Returns the bytes of a single file. */
export async function packageBytes({ files, unpacker, cases }: PackageInput): Promise<Uint8Array> {
  // gzip adds a checksum to the unpacker, which verifies everything else.
  const packed = gzipSync(unpacker);
  const { bytes, entries, id } = packArchive(files, new Set(["deno"]));
  const stub = stubText(await Deno.readTextFile(join(import.meta.dirname!, "stub.sh")), cases, {
    ...{ version: VERSION, id, entries },
    unpackerBytes: packed.length,
    archiveBytes: bytes.length,
  });
  const deno = gzipSync(files.get("deno")!, { level: 9 });
  return concat([new TextEncoder().encode(stub), packed, bytes, deno]);
}

/** Writes the single file. */
export async function packageFile(output: string): Promise<void> {
  if (Deno.build.target !== TARGET) {
    throw new Error(`deno task package runs on Linux x64 only, this is ${Deno.build.target}`);
  }
  const platform = PLATFORMS[TARGET];
  const [, library] = await libraryFile(platform);
  const files = await collectFiles(platform);
  files.set("deno", await Deno.readFile(Deno.execPath()));
  // The folder of the executable is searched first.
  files.set("libonnxruntime.so.1", library);
  const bytes = await packageBytes({
    files,
    unpacker: await bundle("scripts/package/unpack.ts"),
    cases: await commandCases(),
  });
  await Deno.mkdir(dirname(output), { recursive: true });
  await Deno.writeFile(output, bytes, { mode: 0o755 });
  console.log(`${output}: ${(bytes.length / 1e6).toFixed(1)} MB`);
}

if (import.meta.main) await packageFile(resolve(Deno.args[0] ?? join(ROOT, "dist/parataa")));
