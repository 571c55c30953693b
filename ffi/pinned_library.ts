/** Verifies the bundled library against its published hash before any of its code runs. @module */
import { createHash } from "node:crypto";
import { PermissionError } from "../src/errors.ts";

/**
 * SHA-256 of the libraries of onnxruntime-node 1.30.0, by operating system and processor, and the
 * name of a library beside ONNX Runtime. A test compares them with node_modules.
 */
export const PINNED: Readonly<Record<string, string>> = {
  "linux-x86_64": "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23",
  "linux-aarch64": "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
  "darwin-aarch64": "685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d",
  "windows-x86_64": "508c362f5673483dd3a086379c392795b2e42d10d5e6f3f90ebd7ac21c97af67",
  "windows-aarch64": "6c3a2abf5c6aca11c48a0d338a91af309f2266f25ce2e4084e6a87bbcb0fbfd0",
  "windows-x86_64 DirectML.dll": "234e8898778cdec88d3cb0539508273494082812c968699f3de665a018971625",
  "windows-aarch64 DirectML.dll":
    "aaf72a9d55aa123e0708d957d30dd4fbeb7a2e335ec6257ed5ff4261a402b9ee",
};

/** Size in bytes and SHA-256 of a library's file. */
export interface LibraryDigest {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Refuses a library that is a symbolic link or differs from the published one.
 *
 * @param companion name of a library beside ONNX Runtime; default: ONNX Runtime itself
 * @returns the digest; `undefined` where there is no file
 * @throws {PermissionError} with what to do about it, also if the file may not be read
 */
export function requirePinned(path: string, companion?: string): LibraryDigest | undefined {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const wanted = PINNED[companion === undefined ? platform : `${platform} ${companion}`];
  const refuse = (what: string, cause?: unknown) =>
    new PermissionError(`will not run ${path}: ${what}`, {
      hint: `\`deno install\` restores the published one; --ort_lib ${path} accepts it unverified`,
      cause,
    });
  try {
    if (Deno.lstatSync(path).isSymlink) {
      throw refuse("it is a symbolic link, wanted the file itself");
    }
    const digest = digestFile(path), { sha256 } = digest;
    if (sha256 === wanted) return digest;
    const expected = wanted === undefined
      ? "no hash is known for this platform"
      : `wanted ${wanted}`;
    throw refuse(`its SHA-256 is ${sha256}, ${expected}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // opening it reports that
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new PermissionError(`cannot verify ${path} before running it`, {
      hint: `${error.message}; --ort_lib ${path} accepts it unverified`,
      cause: error,
    });
  }
}

function digestFile(path: string): LibraryDigest {
  const hash = createHash("sha256");
  let size = 0;
  using file = Deno.openSync(path);
  const buffer = new Uint8Array(1 << 20);
  for (let n = file.readSync(buffer); n !== null; n = file.readSync(buffer)) {
    hash.update(buffer.subarray(0, n));
    size += n;
  }
  return { size, sha256: hash.digest("hex") };
}
