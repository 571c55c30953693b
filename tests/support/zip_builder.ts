/** Builds valid and invalid zip archives of stored entries. @module */
import { crc32 } from "node:zlib";

/** Header fields with other values than the true ones. */
export interface HeaderLies {
  name?: string | Uint8Array;
  flags?: number;
  method?: number;
  crc?: number;
  stored?: number;
  size?: number;
  extra?: Uint8Array;
  offset?: number;
  disk?: number;
  comment?: Uint8Array;
  attributes?: number;
}

/** An entry and its header fields. */
export interface ZipPart {
  name: string;
  data: Uint8Array;
  flags?: number;
  local?: HeaderLies;
  central?: HeaderLies;
  /** Bytes after the data, instead of the descriptor that the flags require. */
  descriptor?: Uint8Array;
  /** Bytes before the local header. */
  gap?: Uint8Array;
}

/** Fields of the end record with other values than the true ones. */
export interface EndLies {
  prefix?: Uint8Array;
  suffix?: Uint8Array;
  comment?: Uint8Array;
  disk?: number;
  directoryDisk?: number;
  here?: number;
  commentLength?: number;
  count?: number;
  size?: number;
  offset?: number;
  /** Adds the zip64 records, with these values. */
  zip64?: {
    count?: number;
    here?: number;
    size?: number;
    offset?: number;
    length?: number;
    locator?: number;
    locatorDisk?: number;
    disk?: number;
    directoryDisk?: number;
    disks?: number;
  };
}

const utf8 = (text: string | Uint8Array) =>
  typeof text === "string" ? new TextEncoder().encode(text) : text;

/** Encodes little-endian fields: `[width, value]`. */
export function fields(...pairs: readonly (readonly [number, number])[]): Uint8Array {
  const out: number[] = [];
  for (const [width, value] of pairs) {
    let rest = BigInt(value);
    for (let i = 0; i < width; i++, rest >>= 8n) out.push(Number(rest & 0xffn));
  }
  return Uint8Array.from(out);
}

/** Concatenates bytes. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function descriptorOf({ data }: ZipPart): Uint8Array {
  return fields([4, 0x08074b50], [4, crc32(data)], [4, data.length], [4, data.length]);
}

function localHeader(part: ZipPart, open: boolean): Uint8Array {
  const lies = { ...part.local };
  const name = utf8(lies.name ?? part.name);
  const extra = lies.extra ?? new Uint8Array(0);
  const { length } = part.data;
  return join(
    fields([4, 0x04034b50], [2, 0], [2, lies.flags ?? part.flags ?? 0x0800], [2, lies.method ?? 0]),
    fields([4, 0], [4, lies.crc ?? (open ? 0 : crc32(part.data))]),
    fields([4, lies.stored ?? (open ? 0 : length)], [4, lies.size ?? (open ? 0 : length)]),
    fields([2, name.length], [2, extra.length]),
    name,
    extra,
  );
}

function centralHeader(part: ZipPart, offset: number): Uint8Array {
  const lies = { ...part.central };
  const name = utf8(lies.name ?? part.name);
  const extra = lies.extra ?? new Uint8Array(0);
  const comment = lies.comment ?? new Uint8Array(0);
  const { length } = part.data;
  return join(
    fields([4, 0x02014b50], [2, 0], [2, 0], [2, lies.flags ?? part.flags ?? 0x0800]),
    fields([2, lies.method ?? 0], [4, 0], [4, lies.crc ?? crc32(part.data)]),
    fields([4, lies.stored ?? length], [4, lies.size ?? length], [2, name.length]),
    fields([2, extra.length], [2, comment.length], [2, lies.disk ?? 0], [2, 0]),
    fields([4, lies.attributes ?? 0]),
    fields([4, lies.offset ?? offset]),
    name,
    extra,
    comment,
  );
}

/** Builds an archive of the parts, in their order. */
export function zipOf(parts: readonly ZipPart[], lies: EndLies = {}): Uint8Array<ArrayBuffer> {
  const out: Uint8Array[] = [lies.prefix ?? new Uint8Array(0)];
  let at = out[0].length;
  const put = (bytes: Uint8Array) => {
    out.push(bytes);
    at += bytes.length;
  };
  const central: Uint8Array[] = [];
  for (const part of parts) {
    put(part.gap ?? new Uint8Array(0));
    central.push(centralHeader(part, at));
    const open = ((part.flags ?? 0) & 8) !== 0;
    put(localHeader(part, open));
    put(part.data);
    put(part.descriptor ?? (open ? descriptorOf(part) : new Uint8Array(0)));
  }
  const directory = join(...central);
  const truth = { count: parts.length, size: directory.length, offset: at };
  put(directory);
  if (lies.zip64) put(end64({ ...truth, ...lies.zip64 }, at));
  const end = { disk: 0, comment: new Uint8Array(0), ...truth, ...lies };
  put(fields([4, 0x06054b50], [2, end.disk], [2, end.directoryDisk ?? end.disk]));
  put(fields([2, end.here ?? end.count], [2, end.count]));
  put(
    join(
      fields([4, end.size], [4, end.offset], [2, end.commentLength ?? end.comment.length]),
      end.comment,
    ),
  );
  put(lies.suffix ?? new Uint8Array(0));
  return join(...out);
}

type End64 =
  & Required<Pick<NonNullable<EndLies["zip64"]>, "count" | "size" | "offset">>
  & NonNullable<EndLies["zip64"]>;

function end64(end: End64, at: number): Uint8Array {
  return join(
    fields([4, 0x06064b50], [8, end.length ?? 44], [2, 0x031e], [2, 45]),
    fields([4, end.disk ?? 0], [4, end.directoryDisk ?? 0]),
    fields([8, end.here ?? end.count], [8, end.count], [8, end.size], [8, end.offset]),
    fields([4, 0x07064b50], [4, end.locatorDisk ?? 0], [8, end.locator ?? at], [4, end.disks ?? 1]),
  );
}
