/**
 * Where libonnxruntime may lie, best first.
 * @module
 */
import { dirname, join } from "node:path";

/** A path or system name to try. */
export interface LibraryCandidate {
  readonly path: string;
  /** Why it is tried, for the error's list. */
  readonly source: string;
  /** Whether it ships with parataa, so that its bytes are known. */
  readonly pinned?: true;
}

const FILE_NAMES: Record<string, { npm: string; system: readonly string[] }> = {
  linux: { npm: "libonnxruntime.so.1", system: ["libonnxruntime.so", "libonnxruntime.so.1"] },
  darwin: { npm: "libonnxruntime.1.dylib", system: ["libonnxruntime.dylib"] },
  windows: { npm: "onnxruntime.dll", system: ["onnxruntime.dll"] },
};

/**
 * Candidates in the order to try them: the explicit path; `ORT_DYLIB_PATH`; beside the executable;
 * the npm package `onnxruntime-node`; the system's own search. A path that the user named, by
 * option or variable, is the only candidate: to open another library instead would hide the
 * mistake.
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

/**
 * Whether Deno lies in the folder that the single file was unpacked into, with the library that
 * came in it.
 */
function isSingleFile(executableFolder: string): boolean {
  return (import.meta.dirname ?? "").startsWith(join(executableFolder, "src"));
}

/** An environment variable where its permission is already granted; nothing prompts. */
function grantedVariable(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Folder of the npm package's library for this platform, below the project's root. */
function npmFolder(): string {
  const root = join(import.meta.dirname ?? ".", "..");
  const os = Deno.build.os === "windows" ? "win32" : Deno.build.os;
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return join(root, "node_modules/onnxruntime-node/bin/napi-v6", os, arch);
}
