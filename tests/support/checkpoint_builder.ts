/** Builds valid and invalid PyTorch checkpoints, opcode by opcode. @module */
import { type EndLies, fields, join, zipOf, type ZipPart } from "./zip_builder.ts";

/** Opcodes: a text with one character per byte, or bytes. */
export type PicklePart = string | Uint8Array;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Joins parts to bytes. Each character of a text is a byte. */
export function raw(...parts: readonly PicklePart[]): Uint8Array<ArrayBuffer> {
  return join(
    ...parts.map((part) =>
      typeof part === "string" ? Uint8Array.from(part, (char) => char.charCodeAt(0)) : part
    ),
  );
}

/** PROTO 2, the parts, STOP. */
export function pickleOf(...parts: readonly PicklePart[]): Uint8Array<ArrayBuffer> {
  return raw("\x80\x02", ...parts, ".");
}

/** BINUNICODE */
export function text(value: string): Uint8Array {
  const bytes = utf8(value);
  return join(utf8("X"), fields([4, bytes.length]), bytes);
}

/** BININT */
export function int(value: number): Uint8Array {
  return join(utf8("J"), fields([4, value >>> 0]));
}

/** GLOBAL */
export function global(module: string, name: string): Uint8Array {
  return utf8(`c${module}\n${name}\n`);
}

/** TUPLE of the parts */
export function tuple(...parts: readonly PicklePart[]): Uint8Array {
  return raw("(", ...parts, "t");
}

/** OrderedDict() */
export const ORDERED_DICT: Uint8Array = raw(global("collections", "OrderedDict"), ")R");

/** Values of a tensor's pickle that differ from the default. */
export interface TensorParts {
  key?: string;
  type?: string;
  count?: number;
  offset?: PicklePart;
  size?: PicklePart;
  stride?: PicklePart;
  storage?: PicklePart;
  requiresGrad?: PicklePart;
  hooks?: PicklePart;
  more?: PicklePart;
}

/** Loads a storage by its persistent id. */
export function storage(
  { key = "0", type = "FloatStorage", count = 6 }: TensorParts = {},
): Uint8Array {
  const id = tuple(text("storage"), global("torch", type), text(key), text("cpu"), int(count));
  return raw(id, "Q");
}

/** `_rebuild_tensor_v2(…)` of a 2 by 3 tensor of float32. */
export function tensor(parts: TensorParts = {}): Uint8Array {
  return raw(
    global("torch._utils", "_rebuild_tensor_v2"),
    tuple(
      parts.storage ?? storage(parts),
      parts.offset ?? int(0),
      parts.size ?? tuple(int(2), int(3)),
      parts.stride ?? tuple(int(3), int(1)),
      parts.requiresGrad ?? "\x89",
      parts.hooks ?? ORDERED_DICT,
      parts.more ?? "",
    ),
    "R",
  );
}

/** Elements of the default storage. */
export const ELEMENTS: Float32Array<ArrayBuffer> = Float32Array.of(1, 2, 3, 4, 5, 6);

/** A dict of one tensor "w". */
export const PICKLE: Uint8Array<ArrayBuffer> = pickleOf("}", text("w"), tensor(), "s");

/** Records of a checkpoint in the layout of `torch.save`. */
export function records(
  pickle: Uint8Array = PICKLE,
  storages: Readonly<Record<string, Uint8Array>> = { 0: new Uint8Array(ELEMENTS.buffer) },
): ZipPart[] {
  const part = (name: string, data: Uint8Array) => ({ name: `archive/${name}`, data });
  return [
    part("data.pkl", pickle),
    part("byteorder", utf8("little")),
    ...Object.entries(storages).map(([key, data]) => part(`data/${key}`, data)),
    part("version", utf8("3\n")),
  ];
}

/** Builds a checkpoint. */
export function checkpointOf(
  pickle?: Uint8Array,
  storages?: Readonly<Record<string, Uint8Array>>,
  lies?: EndLies,
): Uint8Array<ArrayBuffer> {
  return zipOf(records(pickle, storages), lies);
}

/** Builds a checkpoint of dicts of float32 tensors, by key. */
export function checkpointOfParts(
  parts: Readonly<
    Record<string, ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>>
  >,
): Uint8Array<ArrayBuffer> {
  const storages: Record<string, Uint8Array> = {};
  const dictOf = (tensors: (typeof parts)[string]) => {
    const items = [...tensors].map(([name, { shape, data }]) => {
      const key = String(Object.keys(storages).length);
      storages[key] = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const strides = shape.map((_, axis) =>
        shape.slice(axis + 1).reduce((product, n) => product * n, 1)
      );
      const counts = (values: readonly number[]) => tuple(...values.map(int));
      const { length: count } = data;
      return raw(text(name), tensor({ key, count, size: counts(shape), stride: counts(strides) }));
    });
    return raw("}(", ...items, "u");
  };
  const dicts = Object.entries(parts).map(([key, tensors]) => raw(text(key), dictOf(tensors)));
  return checkpointOf(pickleOf("}(", ...dicts, "u"), storages);
}

/** Wraps bytes in a source that counts the bytes read. */
export function sourceOf(
  bytes: Uint8Array,
  size: number = bytes.length,
): { size: number; bytesRead: number; read(offset: number, length: number): Promise<Uint8Array> } {
  const source = {
    size,
    bytesRead: 0,
    read(offset: number, length: number): Promise<Uint8Array> {
      source.bytesRead += length;
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
  return source;
}
