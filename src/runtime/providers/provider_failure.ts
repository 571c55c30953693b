/**
 * Errors of an unavailable provider.
 * @module
 */
import { trimOrtMessage } from "../../../ffi/status.ts";
import { type ParataaError, RuntimeLibraryError } from "../../errors.ts";
import type { FailureText, ProviderRow } from "./provider_row.ts";

/** Hint if no device is available. */
export const USE_CPU = "use the CPU (--provider cpu)";

/** The error of an unavailable provider. */
export function providerUnavailable(
  { title }: Pick<ProviderRow, "title">,
  reason: string,
  { hint, cause }: { hint: string; cause?: unknown },
): RuntimeLibraryError {
  return new RuntimeLibraryError(`cannot use the ${title} provider: ${reason}`, { hint, cause });
}

/** Failures of every provider that is part of the core library or beside it. */
const COMMON: readonly FailureText[] = [
  {
    when: /is not (?:supported|enabled) in this build|Unknown provider name/,
    reason: "this build of ONNX Runtime is without it",
    hint: "$packages",
  },
  {
    when: /libcuda\.so\.1: cannot open shared object/,
    reason: "no NVIDIA driver (libcuda.so.1 is not on this machine)",
    hint: USE_CPU,
  },
  {
    when: /(lib[\w.-]+\.so[.\d]*): cannot open shared object/,
    reason: "$1 is missing",
    hint: "$packages",
  },
];

/**
 * Translates an error of ONNX Runtime that occurred while a provider was appended.
 *
 * @param message its message
 * @param log text that was printed to stderr
 * @param cause the error that carried the message
 */
export function describeProviderFailure(
  row: ProviderRow,
  { message, log, cause }: { message: string; log: string; cause: unknown },
): ParataaError {
  if (row.describe) return row.describe(message, cause);
  // The printed text is closer to the cause than the message.
  const known = findFailure([...row.failures, ...COMMON], [log, message], {
    packages: row.packages,
  });
  if (known) return providerUnavailable(row, known.reason, { hint: known.hint, cause });
  return providerUnavailable(row, lastPrinted(log) ?? trimOrtMessage(message), {
    hint: USE_CPU,
    cause,
  });
}

/**
 * The first failure that matches one of the texts.
 *
 * @param words replacements of `$name` in its reason and hint, in addition to `$1`
 */
export function findFailure(
  failures: readonly FailureText[],
  texts: readonly string[],
  words: Readonly<Record<string, string>>,
): { readonly reason: string; readonly hint: string } | undefined {
  for (const { when, reason, hint } of failures) {
    const match = texts.map((text) => when.exec(text)).find((found) => found !== null);
    if (!match) continue;
    const all: Record<string, string> = { ...words, 1: match[1]?.trim() ?? "" };
    const fill = (text: string) => text.replace(/\$(\w+)/g, (_, name) => all[name] ?? "");
    return { reason: fill(reason), hint: fill(hint) };
  }
  return undefined;
}

/** The last line that ONNX Runtime logged as an error, without its position. */
function lastPrinted(log: string): string | undefined {
  // deno-lint-ignore no-control-regex -- the log is coloured
  const lines = log.replace(/\x1b\[[0-9;]*m/g, "").match(/\[E:onnxruntime:[^\]]*\] .*/g);
  const line = lines?.at(-1)?.replace(/^\[E:[^\]]*\] /, "").replace(/^\/\S+:\d+ /, "");
  return line === undefined ? undefined : trimOrtMessage(line);
}
