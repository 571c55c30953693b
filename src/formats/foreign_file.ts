/**
 * Recognises files by their first bytes, so that the error of a reader can name the kind of a wrong
 * file: an incomplete download, a compressed file, another format. Readers call this first.
 * @module
 */
import { FormatError } from "../errors.ts";

/** A kind of file that is recognised by its first bytes. */
export type KnownKind =
  | "empty"
  | "lfs"
  | "page"
  | "compressed"
  | "tar"
  | "torch"
  | "old_torch"
  | "pickle"
  | "npz"
  | "zip"
  | "gguf"
  | "hdf5"
  | "safetensors"
  | "npy"
  | "png"
  | "jpeg"
  | "image"
  | "json";

/** A recognised kind of file. */
export interface Recognised {
  readonly kind: KnownKind;
  /** Description of the kind. */
  readonly what: string;
  /** What to do if another kind was wanted. */
  readonly hint?: string;
}

/** Number of bytes from the start of a file that {@link recognise} needs. */
export const HEAD_BYTES = 512;

const AGAIN = "copy or download it again";
const UNPACK = "unpack it first";

/** Kinds with a fixed signature. Each character stands for a byte. */
const MAGIC: readonly (readonly [magic: string, kind: KnownKind, what: string, hint?: string])[] = [
  ["\x1f\x8b\x08", "compressed", "a file compressed with gzip", UNPACK],
  ["\xfd7zXZ\0", "compressed", "a file compressed with xz", UNPACK],
  ["\x28\xb5\x2f\xfd", "compressed", "a file compressed with zstd", UNPACK],
  ["BZh", "compressed", "a file compressed with bzip2", UNPACK],
  ["7z\xbc\xaf\x27\x1c", "compressed", "a 7z archive", UNPACK],
  ["GGUF", "gguf", "a GGUF file", "GGUF is not read: take the model in ONNX"],
  ["\x89HDF\r\n\x1a\n", "hdf5", "an HDF5 file", "HDF5 is not read: take the model in ONNX"],
  ["\x93NUMPY", "npy", "a NumPy array"],
  ["\x89PNG\r\n\x1a\n", "png", "a PNG image"],
  ["\xff\xd8\xff", "jpeg", "a JPEG image"],
  ["GIF8", "image", "a GIF image"],
];

const LFS =
  /^version https:\/\/git-lfs\.github\.com\/spec\/[^\n]*\n(?:[^\n]*\n)*?size (\d{1,20})\n?/;
const PAGE = /^(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<head|<body)/i;
const XML = /^(?:\xef\xbb\xbf)?\s*<\?xml/i;
const JSON_START = /^\s*[{[]\s*["{[\]}\d-]/;
const WEBP = /^RIFF.{4}WEBP/s;
const TAR_MAGIC = 257;

/** First bytes of files by `torch.save` before version 1.6: PROTO 2 and a ten-byte long. */
const OLD_TORCH = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/** PROTO opcodes of the protocols in use. */
const PICKLES: readonly string[] = ["\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"];
/** A local header, or the end of an archive without entries. */
const ZIPS: readonly string[] = ["PK\x03\x04", "PK\x05\x06"];

/**
 * Recognises a file by its first bytes.
 *
 * @param bytes the file, or its first {@link HEAD_BYTES}
 * @returns `undefined` if the first bytes are not distinctive, as in ONNX
 */
export function recognise(bytes: Uint8Array): Recognised | undefined {
  if (bytes.length === 0) return { kind: "empty", what: "an empty file", hint: AGAIN };
  const head = String.fromCharCode(...bytes.subarray(0, HEAD_BYTES));
  // The first eight bytes are a length, which may equal any signature.
  if (/^.{4}\0{4}\{/s.test(head)) return { kind: "safetensors", what: "a safetensors file" };
  const magic = MAGIC.find(([magic]) => head.startsWith(magic));
  if (magic) return { kind: magic[1], what: magic[2], hint: magic[3] };
  if (WEBP.test(head)) return { kind: "image", what: "a WebP image" };
  return recogniseText(head) ?? recognisePickle(head) ?? recogniseArchive(head);
}

function recogniseText(head: string): Recognised | undefined {
  const size = LFS.exec(head)?.[1];
  if (size !== undefined) {
    const what = `a Git LFS pointer, not the file of ${size} bytes`;
    return { kind: "lfs", what, hint: "run git lfs pull in its folder, or download the file" };
  }
  const download = "download the file itself, not the page about it";
  if (PAGE.test(head)) return { kind: "page", what: "a web page", hint: download };
  if (XML.test(head)) return { kind: "page", what: "an XML document", hint: download };
  return JSON_START.test(head) ? { kind: "json", what: "JSON" } : undefined;
}

function recognisePickle(head: string): Recognised | undefined {
  if (head.startsWith(OLD_TORCH)) {
    return {
      kind: "old_torch",
      what: "a checkpoint of PyTorch before 1.6",
      hint: "take a safetensors file in its place",
    };
  }
  return PICKLES.includes(head.slice(0, 2)) && head[2] !== "\0"
    ? {
      kind: "pickle",
      what: "a bare pickle",
      hint: "do not load it, since that runs the code in it: take a safetensors file in its place",
    }
    : undefined;
}

function recogniseArchive(head: string): Recognised | undefined {
  if (head.startsWith("ustar", TAR_MAGIC)) {
    return { kind: "tar", what: "a tar archive", hint: UNPACK };
  }
  if (!ZIPS.includes(head.slice(0, 4))) return undefined;
  const name = head.slice(30, 30 + head.charCodeAt(26) + 256 * head.charCodeAt(27));
  if (name.endsWith(".npy")) {
    const hint = "save one array by itself with numpy.save";
    return { kind: "npz", what: "a NumPy .npz archive", hint };
  }
  return /^[^/]+\/(?:data\.pkl|version|byteorder|\.|data\/)/.test(name)
    ? { kind: "torch", what: "a PyTorch checkpoint" }
    : { kind: "zip", what: "a zip archive", hint: UNPACK };
}

/**
 * Refuses a file of another kind than the reader's own.
 *
 * @param bytes the file, or its first {@link HEAD_BYTES}
 * @param options.own kinds that the reader accepts
 * @throws {FormatError} naming the kind, the kind wanted and what to do; nothing is thrown if the
 * first bytes are not distinctive
 */
export function refuseForeign(
  bytes: Uint8Array,
  { file, wanted, own = [] }: { file: string; wanted: string; own?: readonly KnownKind[] },
): void {
  const found = recognise(bytes);
  if (found === undefined || own.includes(found.kind)) return;
  throw new FormatError(`${file}: ${found.what}, wanted ${wanted}`, { hint: found.hint });
}
