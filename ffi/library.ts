/**
 * Finds and opens libonnxruntime, lazily and once.
 * @module
 */
import { PermissionError, RuntimeLibraryError } from "../src/errors.ts";
import { bindApi } from "./bind_api.ts";
import { type LibraryCandidate, libraryCandidates } from "./library_search.ts";
import { MAX_API_VERSION, MIN_API_VERSION, type OrtApi } from "./ort_api.ts";
import { type LibraryDigest, requirePinned } from "./pinned_library.ts";
import { readCString } from "./pointer.ts";
import { disableTelemetry } from "./telemetry.ts";

/**
 * An open ONNX Runtime. It stays open until the process ends: its threads outlive any `dlclose`.
 */
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

/** A place where ONNX Runtime was looked for. */
export interface LibraryAttempt extends LibraryCandidate {
  /** Why it was not opened; absent for the one that was. */
  readonly failure?: string;
}

/** What was tried, in order, and what came of it. */
export interface LibrarySearch {
  readonly attempts: readonly LibraryAttempt[];
  readonly library?: OrtLibrary;
  /** What the first candidate failed with. */
  readonly cause?: unknown;
}

/**
 * Tries the candidates (see {@link libraryCandidates}) up to the first that opens.
 *
 * @param libraryPath path of the library; when given, nothing else is tried
 * @throws {PermissionError} without `--allow-ffi`, and on a library that ships with parataa and is
 * not what was published
 */
export function searchLibrary(libraryPath?: string): LibrarySearch {
  requireFfiPermission("calling ONNX Runtime");
  const attempts: LibraryAttempt[] = [];
  let cause: unknown;
  for (const candidate of libraryCandidates(libraryPath)) {
    const already = opened.get(candidate.path);
    // Another library in the place of a changed one would hide the change.
    const digest = candidate.pinned && !already ? requirePinned(candidate.path) : undefined;
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
 * @throws {PermissionError} without `--allow-ffi`, and on a library that ships with parataa and is
 * not what was published
 * @throws {RuntimeLibraryError} when nothing opens, listing every path tried and why it failed
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
 * Nothing may prompt, so ask before Deno does. Path-scoped grants cannot read the memory that
 * native code returns.
 *
 * @param action what needs it, for the message
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
  const library = { path: candidate.path, version, apiVersion, api: bindApi(table), digest };
  opened.set(candidate.path, library);
  return library;
}

/**
 * Version of the function table to ask a library for. Asking for more than it has returns NULL and
 * prints to stderr.
 *
 * @param version what `GetVersionString()` returned
 * @throws {Error} when the library is too old or is not a 1.x
 */
export function tableVersion(version: string): number {
  const match = /^1\.(\d+)\./.exec(version);
  const minor = match ? Number(match[1]) : NaN;
  if (minor >= MIN_API_VERSION) return Math.min(minor, MAX_API_VERSION);
  throw new Error(`needs ONNX Runtime 1.${MIN_API_VERSION} or newer, found ${version || "none"}`);
}

/** The loader's reason without the path, which stands in front already. */
function reasonOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll("Could not open library: ", "").replace(`${path}: `, "").trim();
}
