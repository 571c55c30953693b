/** Parses a list of LoRA files and scales. @module */
import { UsageError } from "../../errors.ts";
import { shownValue } from "../../text.ts";

/** A file and the scale at which it is merged. */
export interface NamedLora {
  path: string;
  scale: number;
}

const SCALED = /^(.*):(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/**
 * Parses `file`, `file:0.8` and comma-separated lists of both.
 *
 * @throws {UsageError} if a file has no name
 */
export function parseLoraList(text: string): NamedLora[] {
  return text.split(",").map((item) => {
    const [, path = item, scale = "1"] = SCALED.exec(item) ?? [];
    if (path !== "") return { path, scale: Number(scale) };
    throw new UsageError((name) =>
      `${name("lora")} is ${shownValue(text)}, wanted FILE or FILE:SCALE, separated by commas`
    );
  });
}
