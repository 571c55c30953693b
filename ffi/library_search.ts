/** Lists the places of libonnxruntime, best first. @module */
import { dirname, join } from "node:path";

/** A path or system name to try. */
export interface LibraryCandidate {
  readonly path: string;
  /** Origin of the candidate, for the error message. */
  readonly source: string;
  /** Whether the library ships with parataa, so that its hash is known. */
  readonly pinned?: true;
}

const FILE_NAMES: Record<string, { npm: string; system: readonly string[] }> = {
  linux: { npm: "libonnxruntime.so.1", system: ["libonnxruntime.so", "libonnxruntime.so.1"] },
  darwin: { npm: "libonnxruntime.1.dylib", system: ["libonnxruntime.dylib"] },
  windows: { npm: "onnxruntime.dll", system: ["onnxruntime.dll"] },
};

/**
 * Returns the candidates in the order of trying: the explicit path, `ORT_DYLIB_PATH`, the folder of
 * the executable, the npm package `onnxruntime-node`, the system's search path. A path given by
 * option or variable is the only candidate: opening another library instead would hide the mistake.
 *
 * @param libraryPath explicit path
 */
export function libraryCandidates(libraryPath?: string): LibraryCandidate[] {
  if (libraryPath !== undefined) return [{ path: libraryPath, source: "given path" }];
  const named = grantedVariable("ORT_DYLIB_PATH");
  if (named) return [{ path: named, source: "ORT_DYLIB_PATH" }];
  const { npm, system } = FILE_NAMES[Deno.build.os] ?? FILE_NAMES.linux;
  const executableFolder = dirname(Deno.execPath());
  return [
    ...system.map((name): LibraryCandidate => ({
      path: join(executableFolder, name),
      source: "beside the executable",
      ...(isSingleFile(executableFolder) ? { pinned: true } : {}),
    })),
    { path: join(npmFolder(), npm), source: "npm package onnxruntime-node", pinned: true },
    ...system.map((name) => ({ path: name, source: "system" })),
  ];
}

/** Whether Deno runs from the folder of an unpacked single file, which contains the library. */
function isSingleFile(executableFolder: string): boolean {
  return (import.meta.dirname ?? "").startsWith(join(executableFolder, "src"));
}

/** Returns an environment variable if its permission is already granted; never prompts. */
function grantedVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Folder of the npm package's library for this platform, below the root of the project. */
function npmFolder(): string {
  const root = join(import.meta.dirname ?? ".", "..");
  const os = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return join(root, "node_modules/onnxruntime-node/bin/napi-v6", os, arch);
}
