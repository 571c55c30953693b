/** Reads the folder of a finished run and validates its manifest and outputs. @module */
import { join, sep } from "node:path";
import { FormatError, UsageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { shown } from "../text.ts";
import { digestFile } from "../storage/hash.ts";
import type { Manifest } from "./manifest.ts";

/** Maximum manifest size; bounds the memory that a hostile file can use. */
const MAX_BYTES = 64 << 20;

/**
 * Reads the manifest of a complete run and checks size and hash of every output.
 *
 * @throws {UsageError} when the folder has no manifest
 * @throws {FormatError} naming the damaged or missing file, or the unfinished run
 */
export async function readFinishedRun(path: string): Promise<Manifest> {
  const manifest = await readRunManifest(path);
  if (manifest.status !== "complete") {
    const { code, message } = manifest.error ?? {};
    throw new FormatError(
      `${path} holds no finished run: its status is ${manifest.status}${
        code ? ` (${code}: ${message})` : ""
      }`,
      {
        hint: (name) => `only a complete manifest lists outputs; ${name("resume")} resumes the run`,
      },
    );
  }
  if (!manifest.samples.every(({ index }, i) => index === i)) {
    throw new FormatError(`${join(path, "manifest.json")}: samples are not sample records`);
  }
  await checkOutputs(path, manifest.outputs);
  return manifest;
}

/**
 * Reads the manifest of a run in any state.
 *
 * @throws {UsageError} when the folder has no manifest
 * @throws {FormatError} when it is damaged
 */
export async function readRunManifest(path: string): Promise<Manifest> {
  const file = join(path, "manifest.json");
  return checkManifest(file, readJson(await readManifestBytes(path, file), { file }));
}

/**
 * Checks that every output is inside the run folder and has the listed size and hash.
 *
 * @throws {FormatError} naming the first invalid output
 */
export async function checkOutputs(path: string, outputs: Manifest["outputs"]): Promise<void> {
  const file = join(path, "manifest.json");
  const root = await Deno.realPath(path);
  for (const [name, wanted] of Object.entries(outputs)) {
    const output = join(path, name);
    // Neither ".." nor a planted link may lead outside.
    const real = await Deno.realPath(output).catch((cause) => {
      if (cause instanceof Deno.errors.NotCapable) throw cause;
      throw new FormatError(`${output} is missing, ${file} lists it`, { cause });
    });
    if (real !== join(root, name) || !real.startsWith(root + sep)) {
      throw new FormatError(`${file} lists ${shown(name)}, which is outside the run folder`);
    }
    const { size, sha256 } = await digestFile(output);
    if (size === wanted.size && sha256 === wanted.sha256) continue;
    throw new FormatError(
      `${output} is damaged: ${size} bytes with SHA-256 ${sha256}, ` +
        `${file} lists ${wanted.size} with ${wanted.sha256}`,
    );
  }
}

async function readManifestBytes(path: string, file: string): Promise<Uint8Array> {
  try {
    const { size } = await Deno.stat(file);
    if (size > MAX_BYTES) {
      throw new FormatError(`${file} has ${size} bytes, wanted at most ${MAX_BYTES}`);
    }
    return await Deno.readFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable || cause instanceof FormatError) throw cause;
    throw await notARun(path, cause);
  }
}

const RUN_HINT = "a run is the folder that a sampling command has printed";

/** Error for a path that is not a run folder. */
async function notARun(path: string, cause: unknown): Promise<UsageError> {
  const { isDirectory } = await Deno.stat(path).catch(() => ({ isDirectory: undefined }));
  const missing = cause instanceof Deno.errors.NotFound;
  if (missing && isDirectory === undefined) {
    return new UsageError(`there is no folder ${path}`, { hint: RUN_HINT, cause });
  }
  const fault = isDirectory === false
    ? "it is a file"
    : missing
    ? "it has no manifest.json"
    : fileFault(cause);
  return new UsageError(`${path} is not a run folder: ${fault}`, { hint: RUN_HINT, cause });
}

/**
 * Validates the manifest.
 *
 * @throws {FormatError}
 */
export function checkManifest(file: string, json: JsonValue): Manifest {
  const wanted = (ok: boolean, what: string) => {
    if (!ok) throw new FormatError(`${file}: ${what}`);
  };
  wanted(
    isJsonObject(json) && json.format === "parataa-manifest" && json.version === 1,
    "not a manifest of parataa, version 1",
  );
  const manifest = json as JsonObject;
  for (const name of ["status", "script", "provider", "started"]) {
    wanted(typeof manifest[name] === "string", `${name} is not a string`);
  }
  for (const name of ["arguments", "versions", "library"]) {
    wanted(isJsonObject(manifest[name]), `${name} are missing`);
    wanted(
      isFlat(manifest[name]),
      `${name} contain values other than strings, numbers and booleans`,
    );
  }
  const { model, library, host = {}, error = {}, resumed = [] } = manifest;
  wanted(
    isJsonObject(library) && hasTexts(library, ["path"], ["sha256"]),
    "library has no path, or a hash that is not a string",
  );
  wanted(isJsonObject(model) && isDigests(model.files), "model has no hashes");
  wanted(
    isJsonObject(model) && areConfigs(model.configs),
    "model has configurations without hashes",
  );
  wanted(isJsonObject(model) && hasTexts(model, ["name", "path"]), "model has no name or no path");
  wanted(isFlat(host), "host is not a machine record");
  wanted(isFlat(error), "error is not an error record");
  wanted(Array.isArray(resumed), "resumed is not a list");
  wanted(
    manifest.samplesWanted === undefined || isCount(manifest.samplesWanted),
    "samplesWanted is not a count",
  );
  wanted(isDigests(manifest.outputs), "outputs have no hashes");
  wanted(manifest.inputs === undefined || isDigests(manifest.inputs), "inputs have no hashes");
  wanted(
    Array.isArray(manifest.samples) && manifest.samples.every(isSample),
    "samples are not sample records",
  );
  return manifest as unknown as Manifest;
}

function isDigests(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.values(value).every(isDigest);
}

function areConfigs(value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  return isJsonObject(value) && Object.values(value).every((own) => own === null || isDigest(own));
}

function isDigest(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && typeof value.size === "number" && typeof value.sha256 === "string";
}

function isSample(value: JsonValue): boolean {
  return isJsonObject(value) && isFlat(value.condition) &&
    ["index", "steps", "rounds", "nfe"].every((name) => isCount(value[name])) &&
    isNumbers(value.finishedIndex) && isNumbers(value.residual) &&
    isJsonObject(value.seconds) && isNumbers(Object.values(value.seconds)) &&
    typeof value.seconds.sampling === "number";
}

/** Whether all values are primitive and can be printed. */
function isFlat(value: JsonValue | undefined): boolean {
  return isJsonObject(value) &&
    Object.values(value).every((entry) => entry === null || typeof entry !== "object");
}

function hasTexts(object: JsonObject, names: string[], optional: string[] = []): boolean {
  return names.every((name) => typeof object[name] === "string") &&
    optional.every((name) => ["string", "undefined"].includes(typeof object[name]));
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "number");
}

function isCount(value: JsonValue | undefined): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
