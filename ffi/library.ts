/**
 * Finds and opens libonnxruntime, lazily and once.
 * @module
 */
import { PermissionError, RuntimeLibraryError } from "../src/errors.ts";
import { bindApi } from "./bind_api.ts";
import { openCompanions } from "./companions.ts";
import { type LibraryCandidate, libraryCandidates } from "./library_search.ts";
import { MAX_API_VERSION, MIN_API_VERSION, type OrtApi } from "./ort_api.ts";
import { type LibraryDigest, requirePinned } from "./pinned_library.ts";
import { readCString } from "./pointer.ts";
import { disableTelemetry } from "./telemetry.ts";

/** An open ONNX Runtime. It stays open until the process ends, since its threads may still run. */
export interface OrtLibrary {
  /** Path or system name that it was opened by. */
  readonly path: string;
  /** Version that the library reports, e.g. "1.30.0". */
  readonly version: string;
  /** Version of the function table in use. */
  readonly apiVersion: number;
  readonly api: OrtApi;
  /** Digest of the file when it was opened; only of the library that ships with parataa. */
  readonly digest?: LibraryDigest;
}

const opened = new Map<string, OrtLibrary>();

/** A candidate that was tried. */
export interface LibraryAttempt extends LibraryCandidate {
  /** Why it was not opened; absent if it was. */
  readonly failure?: string;
}

/** All candidates tried, in order, and the result. */
export interface LibrarySearch {
  readonly attempts: readonly LibraryAttempt[];
  readonly library?: OrtLibrary;
  /** Error of the first candidate. */
  readonly cause?: unknown;
}

/**
 * Tries the candidates (see {@link libraryCandidates}) up to the first that opens.
 *
 * @param libraryPath path of the library; when given, nothing else is tried
 * @throws {PermissionError} without `--allow-ffi`, or if the bundled library differs from the
 * published one
 */
export function searchLibrary(libraryPath?: string): LibrarySearch {
  requireFfiPermission("calling ONNX Runtime");
  const attempts: LibraryAttempt[] = [];
  let cause: unknown;
  for (const candidate of libraryCandidates(libraryPath)) {
    const already = opened.get(candidate.path);
    // Opening another library instead would hide the change.
    const digest = candidate.pinned && !already ? requirePinned(candidate.path) : undefined;
    if (!already) openCompanions(candidate);
    try {
      const library = already ?? open(candidate, digest);
      return { attempts: [...attempts, candidate], library, cause };
    } catch (error) {
      cause ??= error;
      attempts.push({ ...candidate, failure: reasonOf(error, candidate.path) });
    }
  }
  return { attempts, cause };
}

/**
 * Opens ONNX Runtime, from the first candidate that works (see {@link libraryCandidates}).
 *
 * @param libraryPath path of the library; when given, nothing else is tried
 * @throws {PermissionError} without `--allow-ffi`, or if the bundled library differs from the
 * published one
 * @throws {RuntimeLibraryError} if no candidate opens, listing every path and the reason
 */
export function openLibrary(libraryPath?: string): OrtLibrary {
  const { attempts, library, cause } = searchLibrary(libraryPath);
  if (library) return library;
  const failures = attempts.map(({ path, source, failure }) => `${path} (${source}): ${failure}`);
  throw new RuntimeLibraryError(
    `cannot open ONNX Runtime; tried ${failures.length}: ${failures.join("; ")}`,
    { hint: "run `deno install`, or name the library with --ort_lib or ORT_DYLIB_PATH", cause },
  );
}

/**
 * Checks the permission first, so that Deno does not prompt. A grant for single paths does not
 * suffice: it does not allow reading the memory that native code returns.
 *
 * @param action action that needs it, for the message
 * @throws {PermissionError} without `--allow-ffi`
 */
export function requireFfiPermission(action: string): void {
  if (Deno.permissions.querySync({ name: "ffi" }).state === "granted") return;
  throw new PermissionError(`${action} needs the permission ffi for every path`, {
    hint: "run again with --allow-ffi, without a path",
  });
}

function open(candidate: LibraryCandidate, digest?: LibraryDigest): OrtLibrary {
  disableTelemetry();
  const { symbols } = Deno.dlopen(candidate.path, {
    OrtGetApiBase: { parameters: [], result: "pointer" },
  });
  const base = symbols.OrtGetApiBase();
  if (base === null) throw new Error("OrtGetApiBase() returned NULL");
  // struct OrtApiBase { const OrtApi* (*GetApi)(uint32_t); const char* (*GetVersionString)(void); }
  const fields = new Deno.UnsafePointerView(base);
  const getVersion = new Deno.UnsafeFnPointer(
    fields.getPointer(8)!,
    { parameters: [], result: "pointer" } as const,
  );
  const version = readCString(getVersion.call());
  const apiVersion = tableVersion(version);
  const getApi = new Deno.UnsafeFnPointer(
    fields.getPointer(0)!,
    { parameters: ["u32"], result: "pointer" } as const,
  );
  const table = getApi.call(apiVersion);
  if (table === null) throw new Error(`ONNX Runtime ${version} has no API version ${apiVersion}`);
  const api = bindApi(table, version);
  const library = { path: candidate.path, version, apiVersion, api, digest };
  opened.set(candidate.path, library);
  return library;
}

/**
 * Returns the version of the function table to request. Requesting a newer one than the library has
 * returns NULL and prints to stderr.
 *
 * @param version result of `GetVersionString()`
 * @throws {Error} if the library is too old or is not version 1.x
 */
export function tableVersion(version: string): number {
  const match = /^1\.(\d+)\./.exec(version);
  const minor = match ? Number(match[1]) : NaN;
  if (minor >= MIN_API_VERSION) return Math.min(minor, MAX_API_VERSION);
  throw new Error(`needs ONNX Runtime 1.${MIN_API_VERSION} or newer, found ${version || "none"}`);
}

/** Returns the loader's reason without the path, which the message already names. */
function reasonOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll("Could not open library: ", "").replace(`${path}: `, "").trim();
}
