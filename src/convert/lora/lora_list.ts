/** LoRAs as a setting names them. @module */
import { UsageError } from "../../errors.ts";
import { shownValue } from "../../text.ts";

/** A file, and how much of it is merged. */
export interface NamedLora {
  path: string;
  scale: number;
}

const SCALED = /^(.*):(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/**
 * Reads `file`, `file:0.8` and lists of both, separated by commas.
 *
 * @throws {UsageError} where a file has no name
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
