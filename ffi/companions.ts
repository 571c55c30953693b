/**
 * Libraries that ONNX Runtime opens by name when a provider needs them, and that lie beside it.
 * @module
 */
import { dirname, join, resolve } from "node:path";
import type { LibraryCandidate } from "./library_search.ts";
import { requirePinned } from "./pinned_library.ts";
import { preload } from "./preload.ts";

/** By operating system. */
const COMPANIONS: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  windows: ["DirectML.dll"],
};

/**
 * Opens the libraries beside ONNX Runtime by absolute path, before ONNX Runtime itself: Windows
 * takes an open library for a name. Otherwise it would search the folder of the executable and then
 * System32, which has an older DirectML (denoland/deno issue 17466). A library that is missing or
 * cannot be opened is ignored: not every build has it, and the provider that needs it says so.
 *
 * @throws {PermissionError} on one that ships with parataa and is not what was published
 */
export function openCompanions({ path, pinned }: LibraryCandidate): void {
  if (!/[\\/]/.test(path)) return; // found by the system's search, in a folder that is not known
  for (const name of COMPANIONS[Deno.build.os] ?? []) {
    const file = join(dirname(resolve(path)), name);
    if (pinned) requirePinned(file, name);
    preload(file);
  }
}
