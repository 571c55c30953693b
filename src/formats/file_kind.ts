/** What a file of numbers or an image is, by its first bytes, for messages about a file in another one's place. @module */

/** Kinds that are told apart, in words. */
const KINDS = {
  image: "an image",
  npy: "a NumPy array (.npy)",
  npz: "a NumPy archive (.npz)",
  pytorch: "a PyTorch file",
  safetensors: "a safetensors file",
} as const;

/** Kind of a file. */
export type FileKind = keyof typeof KINDS;

/** Texts at offsets of the first bytes. */
const STARTS: readonly (readonly [kind: FileKind, offset: number, text: string])[] = [
  ["npy", 0, "\x93NUMPY"],
  ["image", 0, "\x89PNG"],
  ["image", 0, "\xff\xd8\xff"],
  ["image", 0, "GIF8"],
  ["image", 8, "WEBP"],
  ["image", 0, "BM"],
];

/** The kind, `undefined` where the first bytes do not tell. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  // First, for the length of its header may look like the start of any other.
  if (start.startsWith("\0{", 7)) return "safetensors";
  // A zip: PyTorch's, or NumPy's archive, whose first entry is an npy. Older checkpoints are bare pickles.
  if (start.startsWith("PK\x03\x04")) return /\.npy/.test(start) ? "npz" : "pytorch";
  // deno-lint-ignore no-control-regex -- a pickle begins with its protocol's number
  if (/^\x80[\x02-\x05]/.test(start)) return "pytorch";
  return STARTS.find(([, offset, text]) => start.startsWith(text, offset))?.[0];
}

/** The kind in words. */
export function kindText(kind: FileKind): string {
  return KINDS[kind];
}
