/**
 * `deno task package`: packs parataa into one file that needs no Deno, no Node and no network. It
 * contains the Deno that runs this script, so that the file is for this system. Windows cannot run
 * its shell stub.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { VERSION } from "../../src/version.ts";
import { concat, packArchive } from "./archive.ts";
import { bundle, collectFiles, libraryFiles, type Platform, PLATFORMS, ROOT } from "./contents.ts";
import { commandCases, stubText } from "./stub.ts";

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

/**
 * Returns the platform of a target.
 *
 * @throws {Error} if the target has no shell, or the npm package no library for it
 */
export function packagePlatform(target: string): Platform {
  const shells = Object.keys(PLATFORMS).filter((name) => !name.includes("windows"));
  if (shells.includes(target)) return PLATFORMS[target];
  throw new Error(
    `deno task package runs on ${shells.join(", ")}, this is ${target}; deno task compile makes ` +
      Object.keys(PLATFORMS).join(", "),
  );
}

/** Writes the single file. */
export async function packageFile(output: string): Promise<void> {
  const platform = packagePlatform(Deno.build.target);
  const files = await collectFiles(platform);
  files.set("deno", await Deno.readFile(Deno.execPath()));
  // The folder of the executable is searched first.
  for (const [path, bytes] of await libraryFiles(platform)) {
    files.set(libraryName(basename(path)), bytes);
  }
  const bytes = await packageBytes({
    files,
    unpacker: await bundle("scripts/package/unpack.ts"),
    cases: await commandCases(),
  });
  await Deno.mkdir(dirname(output), { recursive: true });
  await Deno.writeFile(output, bytes, { mode: 0o755 });
  console.log(`${output}: ${(bytes.length / 1e6).toFixed(1)} MB`);
}

/** Returns the name that ffi/library_search.ts expects beside the executable. */
function libraryName(name: string): string {
  return name.replace(/\.\d+\.dylib$/, ".dylib");
}

if (import.meta.main) await packageFile(resolve(Deno.args[0] ?? join(ROOT, "dist/parataa")));
