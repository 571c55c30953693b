/**
 * Writes src/sampling/kernels/wasm_code.ts, the WebAssembly of the formulas.
 * @module
 */
import wabt from "wabt";
import { FORMULAS } from "./kernels/formulas.ts";
import { moduleText } from "./kernels/wat.ts";

const FILE = "src/sampling/kernels/wasm_code.ts";

/** The text of wasm_code.ts. */
export async function wasmCode(): Promise<string> {
  const { parseWat } = await wabt();
  const { buffer } = parseWat("kernels.wat", moduleText(FORMULAS), { simd: true }).toBinary({});
  const lines = btoa(String.fromCharCode(...buffer)).match(/.{1,94}/g)!;
  return [
    "/**",
    " * The WebAssembly of scripts/dev/kernels/formulas.ts in base64, written by `deno task kernels`.",
    " * @module",
    " */",
    "export const WASM_CODE =",
    ...lines.map((line, i) => `  "${line}"${i < lines.length - 1 ? " +" : ";"}`),
    "",
  ].join("\n");
}

if (import.meta.main) await Deno.writeTextFile(FILE, await wasmCode());
