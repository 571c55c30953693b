/**
 * The central directory of a zip file: stored and deflated entries, no encryption, one disk,
 * nothing before the archive. APPNOTE 6.3 of PKWARE describes the format.
 * @module
 */
import { type ByteSource, readExactly } from "../byte_source.ts";
import {
  ELSEWHERE_16,
  ELSEWHERE_32,
  refuseZip,
  zip64Field,
  zipName,
  ZipRecord,
} from "./zip_fields.ts";
import { shown } from "../../text.ts";

/**
 * An entry of the directory. {@link checkLocalHeaders} compares it with its local header.
 */
export interface ZipEntry {
  /** Path in the archive. */
  readonly name: string;
  /** Bytes of the name. */
  readonly nameBytes: Uint8Array;
  /** General purpose bits. */
  readonly flags: number;
  /** CRC-32 of the data. */
  readonly crc: number;
  /** True if the data are deflated. */
  readonly deflated: boolean;
  /** Size of the data in the file, in bytes. */
  readonly stored: number;
  /** Size of the data, in bytes. */
  readonly size: number;
  /** Offset of the local header. */
  readonly headerOffset: number;
}

/** Position of the directory. */
interface DirectoryPlace {
  offset: number;
  size: number;
  count: number;
}

const END = 0x06054b50;
const END_SIZE = 22;
/** Longest comment of an archive: its length is a 16-bit field. */
const MAX_COMMENT = 0xffff;
const END_64 = 0x06064b50;
const END_64_SIZE = 56;
const LOCATOR = 0x07064b50;
const LOCATOR_SIZE = 20;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const STORED = 0;
const DEFLATED = 8;
/** Highest ratio that deflate reaches. A larger size is false. */
const MAX_RATIO = 1032;
/**
 * Largest accepted deflated entry, in bytes; it is inflated in memory. The largest tensor of Stable
 * Diffusion XL has 252 MB.
 */
const MAX_INFLATED = 512 * 2 ** 20;

/** Most accepted entries; a checkpoint of Stable Diffusion has about 700. */
const MAX_ENTRIES = 20_000;
/** Longest accepted directory. */
const MAX_DIRECTORY = 16 * 2 ** 20;

/** A trailing data descriptor, and a name in UTF-8. */
const KNOWN_FLAGS = 0x0808;

/** External attributes: the folder bit of MS-DOS, and Unix's file type in the top four bits. */
const DOS_FOLDER = 0x10;
const UNIX_FILE = 0o10;

/**
 * Reads the directory.
 *
 * @returns the entries in the order of the file, and where the directory starts
 * @throws {FormatError} naming the byte or entry and the violated rule
 */
export async function readZipDirectory(
  source: ByteSource,
  file: string,
): Promise<{ entries: ZipEntry[]; start: number }> {
  const place = await findDirectory(source, file);
  const { offset, size: length, count } = place;
  const bytes = await readExactly(source, { offset, length }, file);
  const entries: ZipEntry[] = [];
  const seen = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const record = new ZipRecord(bytes.subarray(at), { offset: offset + at, file });
    const entry = readEntry(record);
    // Readers that ignore case could find the other entry.
    const key = entry.name.toLowerCase();
    if (seen.has(key)) record.refuse(`a second entry ${shown(entry.name)}`);
    seen.add(key);
    entries.push(entry);
    at = bytes.length - record.left;
  }
  if (at !== length) refuseZip(file, offset + at, `the directory has ${length - at} bytes more`);
  entries.sort((a, b) => a.headerOffset - b.headerOffset);
  return { entries, start: offset };
}

async function findDirectory(source: ByteSource, file: string): Promise<DirectoryPlace> {
  // Most archives have no comment; the long read is only for those that have one.
  const { bytes, offset, endAt } = await findEnd(source, 0, file) ??
    await findEnd(source, MAX_COMMENT, file) ??
    refuseZip(
      file,
      Math.max(0, source.size - END_SIZE),
      "no end of a zip directory: the file is cut short, or more than a comment follows the archive",
    );
  const at = (size: number) => new ZipRecord(bytes.subarray(size), { offset: offset + size, file });
  const end = readEnd(at(endAt));
  const wide = endAt - LOCATOR_SIZE - END_64_SIZE;
  const hasLocator = wide + END_64_SIZE >= 0 && at(wide + END_64_SIZE).u32() === LOCATOR;
  if (!hasLocator) return checkPlace(end, { end: offset + endAt, file });
  const start = offset + wide;
  if (wide < 0) refuseZip(file, 0, "a zip64 locator without its record");
  readLocator(at(wide + END_64_SIZE), start);
  return checkPlace(readEnd64(at(wide), end), { end: start, file });
}

/**
 * Returns the last end record with at most `comment` bytes after it. Other readers choose the same
 * one, whatever the comment contains.
 */
async function findEnd(
  source: ByteSource,
  comment: number,
  file: string,
): Promise<{ bytes: Uint8Array; offset: number; endAt: number } | undefined> {
  const length = Math.min(source.size, END_64_SIZE + LOCATOR_SIZE + END_SIZE + comment);
  const offset = source.size - length;
  const bytes = await readExactly(source, { offset, length }, file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const last = length - END_SIZE;
  for (let endAt = last; endAt >= Math.max(0, last - comment); endAt--) {
    if (view.getUint32(endAt, true) === END) return { bytes, offset, endAt };
  }
  return undefined;
}

/** Reads the end record. A comment or other bytes may follow: PyTorch and Python accept both. */
function readEnd(record: ZipRecord): DirectoryPlace {
  record.u32();
  record.expect("disk", record.u16(), 0);
  record.expect("disk of the directory", record.u16(), 0);
  const here = record.u16();
  const count = record.u16();
  record.expect("entries on this disk", here, count);
  const size = record.u32();
  const offset = record.u32();
  const comment = record.u16();
  if (comment > record.left) {
    record.refuse(`a comment of ${comment} bytes, ${record.left} are left`);
  }
  return { offset, size, count };
}

function readLocator(record: ZipRecord, start: number): void {
  record.u32();
  record.expect("disk of the zip64 record", record.u32(), 0);
  record.expect("offset of the zip64 record", record.u64(), start);
  record.expect("number of disks", record.u32(), 1);
}

/** Reads the 64-bit counts. The 32-bit ones must be equal or refer to these. */
function readEnd64(record: ZipRecord, narrow: DirectoryPlace): DirectoryPlace {
  record.expect("signature of the zip64 record", record.u32(), END_64);
  record.expect("length of the zip64 record", record.u64(), END_64_SIZE - 12);
  record.u16();
  record.u16();
  record.expect("disk", record.u32(), 0);
  record.expect("disk of the directory", record.u32(), 0);
  const here = record.u64();
  const wide = { count: record.u64(), size: record.u64(), offset: record.u64() };
  record.expect("entries on this disk", here, wide.count);
  const agree = (what: keyof DirectoryPlace, elsewhere: number) => {
    if (narrow[what] !== elsewhere) record.expect(`zip64 ${what}`, wide[what], narrow[what]);
  };
  agree("count", ELSEWHERE_16);
  agree("size", ELSEWHERE_32);
  agree("offset", ELSEWHERE_32);
  return wide;
}

function checkPlace(
  place: DirectoryPlace,
  { end, file }: { end: number; file: string },
): DirectoryPlace {
  const { offset, size, count } = place;
  if (offset + size !== end) {
    refuseZip(file, end, `the directory lies at ${offset} + ${size}, wanted to end here`);
  }
  if (count > MAX_ENTRIES) refuseZip(file, offset, `${count} entries, at most ${MAX_ENTRIES}`);
  if (size > MAX_DIRECTORY || size < count * CENTRAL_SIZE) {
    refuseZip(file, offset, `a directory of ${size} bytes for ${count} entries`);
  }
  return place;
}

function readEntry(record: ZipRecord): ZipEntry {
  record.expect("signature of an entry", record.u32(), CENTRAL);
  record.u16();
  record.u16();
  const flags = record.u16();
  const method = record.u16();
  record.u32();
  const crc = record.u32();
  const narrow = { stored: record.u32(), size: record.u32() };
  const lengths = { name: record.u16(), extra: record.u16(), comment: record.u16() };
  const disk = record.u16();
  record.u16();
  const attributes = record.u32();
  const narrowOffset = record.u32();
  const nameBytes = record.bytes(lengths.name);
  const name = zipName(nameBytes, record);
  const refuse = (what: string): never => record.refuse(`entry ${shown(name)}: ${what}`);
  if (flags & ~KNOWN_FLAGS) refuse(describeFlags(flags));
  if (method !== STORED && method !== DEFLATED) {
    refuse(`compressed by method ${method}, wanted stored or deflated`);
  }
  if (!isPlainFile(attributes)) {
    refuse(`not a plain file (attributes 0x${attributes.toString(16)})`);
  }
  if (disk !== 0) refuse("another disk");
  const wide = new ZipRecord(
    zip64Field(record.bytes(lengths.extra), record) ?? new Uint8Array(0),
    { offset: record.offset, file: "" },
  );
  const fields = [narrow.size, narrow.stored, narrowOffset];
  const needed = 8 * fields.filter((field) => field === ELSEWHERE_32).length;
  if (wide.left !== needed) refuse(`a zip64 field of ${wide.left} bytes, wanted ${needed}`);
  const [size, stored, headerOffset] = fields.map((field) =>
    field === ELSEWHERE_32 ? wide.u64() : field
  );
  record.bytes(lengths.comment);
  const deflated = method === DEFLATED;
  if (deflated) checkDeflated(size, stored, refuse);
  else if (size !== stored) refuse(`${stored} bytes stored for ${size} bytes`);
  return { name, nameBytes, flags, crc, deflated, stored, size, headerOffset };
}

/** Limits the cost of inflating before it starts. */
function checkDeflated(size: number, stored: number, refuse: (what: string) => never): void {
  if (size > MAX_INFLATED) refuse(`${size} bytes deflated, at most ${MAX_INFLATED} are inflated`);
  if (size > stored * MAX_RATIO) {
    refuse(`${stored} bytes claim to inflate to ${size}, more than deflate can`);
  }
}

/**
 * False for entries marked as a folder or a link: other readers return nothing or uninitialised
 * memory for them.
 */
function isPlainFile(attributes: number): boolean {
  const type = attributes >>> 28;
  return (attributes & DOS_FOLDER) === 0 && (type === 0 || type === UNIX_FILE);
}

function describeFlags(flags: number): string {
  if (flags & 0x2041) return `encrypted (flags 0x${flags.toString(16)})`;
  if (flags & 0x20) return `patch data (flags 0x${flags.toString(16)})`;
  return `unknown flags 0x${flags.toString(16)}`;
}
