/** Arguments that an earlier run recorded, for `--args_from`. @module */
import { UsageError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { PNG_SIGNATURE } from "../formats/image/png.ts";
import { readPngText } from "../formats/image/png_text.ts";
import { shownValue } from "../text.ts";
import { readUserFile } from "./user_file.ts";

/** Keyword of our own PNG text chunk. */
export const PNG_KEYWORD = "parataa";

/** What an earlier run recorded. */
export interface Recorded {
  arguments: JsonObject;
  /** Hash of the model, where the record names no place to find it. */
  model: string | undefined;
}

/**
 * Reads the arguments of a `manifest.json` or of an image written by a run of `script`.
 *
 * @throws {UsageError} when there is no such file, it holds none, or another script wrote it
 * @throws {FormatError} when the file is damaged
 */
export async function readRecordedArguments(file: string, script: string): Promise<Recorded> {
  const record = readRecord(await readUserFile("args_from", file), file);
  if (!isJsonObject(record) || !isJsonObject(record.arguments)) {
    throw new UsageError(`--args_from ${file} holds no arguments`, {
      hint: "it takes the manifest.json or a step_N.png of a run",
    });
  }
  if (record.script !== undefined && record.script !== script) {
    throw new UsageError(
      `--args_from ${file} was written by ${shownValue(record.script)}, this is ${script}`,
    );
  }
  const { model_sha256: model } = record;
  return { arguments: record.arguments, model: typeof model === "string" ? model : undefined };
}

function readRecord(bytes: Uint8Array, file: string): JsonValue | undefined {
  if (!PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return readJson(bytes, { file });
  const json = readPngText(bytes, { file }).get(PNG_KEYWORD);
  return json === undefined ? undefined : readJson(new TextEncoder().encode(json), { file });
}

/** Recorded arguments as this machine can take them, and a line for each that it cannot take as it is. */
export interface FittedArguments {
  arguments: Readonly<Record<string, unknown>>;
  notes: readonly string[];
}

const CPU_LANES = /^cpu:(\d+)$/;

/**
 * Lowers what a larger machine recorded to this one's cores: threads and lanes of the CPU decide how long a run takes, never its bytes.
 *
 * @param except flags that are given in the record's place
 */
export function fitToMachine(
  recorded: Readonly<Record<string, unknown>>,
  { except, cores = navigator.hardwareConcurrency }: {
    except: ReadonlySet<string>;
    cores?: number;
  },
): FittedArguments {
  const { threads, devices } = recorded;
  const fitted: Record<string, unknown> = {};
  if (typeof threads === "number" && threads > cores) fitted.threads = cores;
  const lanes = Number(CPU_LANES.exec(String(devices))?.[1] ?? 0);
  if (lanes > cores) fitted.devices = `cpu:${cores}`;
  const names = Object.keys(fitted).filter((name) => !except.has(name));
  return {
    arguments: { ...recorded, ...Object.fromEntries(names.map((name) => [name, fitted[name]])) },
    notes: names.map((name) =>
      `--${name} ${recorded[name]} was recorded, this machine has ${cores} core${
        cores === 1 ? "" : "s"
      }: taking ${fitted[name]}, the result is the same`
    ),
  };
}
