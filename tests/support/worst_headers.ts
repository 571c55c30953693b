/**
 * Reads safetensors files with the largest header of each worst case. It runs in a child process
 * with a small heap, where running out of memory ends the process. Prints the result and the heap
 * in use.
 * @module
 */
import { FormatError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";

const SIZE = 16 * 2 ** 20;
const EMPTY = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';

/** Returns entry i of a header of each kind. */
const KINDS: Record<string, (i: number) => string> = {
  tensors: (i) => `"${i.toString(36)}":${EMPTY}`,
  objects: (i) => `"${i.toString(36)}":{}`,
  numbers: (i) => `"${i.toString(36)}":0`,
  names: (i) => `"${String(i).padEnd(130, "n")}":${EMPTY}`,
  "wide text": (i) => i > 0 ? "" : `"__metadata__":{"a":"${"鸭".repeat(SIZE / 3 - 20)}"}`,
  escapes: (i) => i > 0 ? "" : `"__metadata__":{"a":"${"\\n".repeat(SIZE / 2 - 20)}"}`,
  sizes: (i) => i > 0 ? "" : `"a":{"dtype":"U8","shape":[${"0,".repeat(SIZE / 2 - 40)}0]}`,
};

function headerOf(entry: (i: number) => string): Uint8Array {
  const bytes = new Uint8Array(8 + SIZE).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(SIZE), true);
  let at = 8;
  const put = (text: string) => {
    const piece = new TextEncoder().encode(text);
    bytes.set(piece, at);
    at += piece.length;
  };
  put(`{${entry(0)}`);
  for (let i = 1; at < bytes.length - 300; i++) {
    const next = entry(i);
    if (next === "") break;
    put(`,${next}`);
  }
  put("}");
  return bytes;
}

const bytes = headerOf(KINDS[Deno.args[0]]);
const before = Deno.memoryUsage().heapUsed;
let outcome: string;
try {
  const { tensors, metadata } = readSafetensors(bytes);
  outcome = `${tensors.size} tensors, ${metadata.size} texts`;
} catch (error) {
  if (!(error instanceof FormatError)) throw error;
  outcome = error.message;
}
const grown = (Deno.memoryUsage().heapUsed - before) / SIZE;
console.log(`${outcome}; heap + ${grown.toFixed(1)} x header before collection`);
