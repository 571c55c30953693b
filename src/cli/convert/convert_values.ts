/** Values of the flags of `convert`. @module */
import { convertFlags } from "../../arguments/flags/convert_flags.ts";
import type { ParsedFlags, parseFlags } from "../../arguments/parse_flags.ts";
import type { NetworkOptions } from "../../convert/network.ts";

/** Flags of `convert`. */
export const CONVERT_FLAGS = convertFlags();

/** A parsed command line. */
export type ConvertLine = ParsedFlags<typeof CONVERT_FLAGS>;

type Values = ReturnType<typeof parseFlags<typeof CONVERT_FLAGS>>["values"];

/** Flag values after the required flags have been checked. */
export type ConvertValues<Source extends "checkpoint_path" | "model_path"> =
  & Values
  & Record<Source | "output_path", string>;

/** Values of `convert dit` and `convert sd`. */
export type CheckpointValues = ConvertValues<"checkpoint_path">;

/** Input of a converter. */
export interface ConvertTask {
  values: CheckpointValues;
  /** Names of the flags on the command line. */
  given: ReadonlySet<string>;
  signal: AbortSignal;
}

/** File name of a network without extension. */
export function stemOf({ fp16 }: CheckpointValues): string {
  return fp16 ? "model_fp16" : "model";
}

/** Options of how networks are computed and stored. */
export function networkOptions(values: CheckpointValues): NetworkOptions {
  return {
    compute: values.fp16 ? "float16" : "float32",
    storage: values.weights,
    weightsFile: `${stemOf(values)}.safetensors`,
  };
}
