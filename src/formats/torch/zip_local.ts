/**
 * Compares the local headers of a zip file with its directory: same names, sizes and checksums, and
 * no gap between entries. So no two readers can find different data under a name.
 * @module
 */
import { type ByteSource, readExactly } from "../byte_source.ts";
import { shown } from "../../text.ts";
import type { ZipEntry } from "./zip_directory.ts";
import { ELSEWHERE_32, refuseZip, zip64Field, ZipRecord } from "./zip_fields.ts";

const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
const DESCRIPTOR = 0x08074b50;
const HAS_DESCRIPTOR = 0x0008;
/**
 * Extra areas are short unless a writer aligns the data with them. A longer one needs a second
 * read.
 */
const USUAL_EXTRA = 256;

/** Position and size of an entry's data. */
export interface ZipData {
  /** First byte in the file. */
  readonly offset: number;
  /** True if the data are deflated. */
  readonly deflated: boolean;
  /** Size of the data in the file, in bytes. */
  readonly stored: number;
  /** Size of the data, in bytes. */
  readonly size: number;
  /** Recorded CRC-32. */
  readonly crc: number;
}

/**
 * Validates every local header.
 *
 * @param entries entries of the directory, in the order of the file
 * @param start offset of the directory
 * @returns position of each entry's data, by name
 * @throws {FormatError} naming the entry and the violated rule
 */
export async function checkLocalHeaders(
  source: ByteSource,
  { entries, start, file }: { entries: readonly ZipEntry[]; start: number; file: string },
): Promise<Map<string, ZipData>> {
  const data = new Map<string, ZipData>();
  let next = 0;
  for (const [i, entry] of entries.entries()) {
    const { name, deflated, stored, size, crc } = entry;
    if (entry.headerOffset !== next) {
      refuseZip(
        file,
        entry.headerOffset,
        `entry ${shown(name)} starts here, the data before it end at ${next}`,
      );
    }
    const end = entries[i + 1]?.headerOffset ?? start;
    const offset = await readLocal(source, entry, { end, file });
    data.set(name, { offset, deflated, stored, size, crc });
    next = offset + stored + await readDescriptor(source, entry, { end, offset, file });
  }
  if (next !== start) {
    refuseZip(file, next, `the entries end here, the directory starts at ${start}`);
  }
  return data;
}

interface Place {
  /** Offset at which the next entry starts. */
  end: number;
  file: string;
}

/**
 * @returns offset of the data
 */
async function readLocal(source: ByteSource, entry: ZipEntry, place: Place): Promise<number> {
  const { headerOffset: offset, nameBytes } = entry;
  const { end, file } = place;
  const room = end - offset;
  const fixed = LOCAL_SIZE + nameBytes.length;
  if (fixed + entry.stored > room) {
    refuseZip(
      file,
      offset,
      `entry ${shown(entry.name)} has ${entry.stored} bytes, there is no room`,
    );
  }
  let bytes = await readExactly(
    source,
    { offset, length: Math.min(room, fixed + USUAL_EXTRA) },
    file,
  );
  const extra = new DataView(bytes.buffer, bytes.byteOffset).getUint16(28, true);
  const dataStart = offset + fixed + extra;
  if (dataStart + entry.stored > end) {
    refuseZip(file, offset, `entry ${shown(entry.name)} runs into what follows it`);
  }
  if (fixed + extra > bytes.length) {
    bytes = await readExactly(source, { offset, length: fixed + extra }, file);
  }
  compareLocal(new ZipRecord(bytes.subarray(0, fixed + extra), { offset, file }), entry);
  return dataStart;
}

function compareLocal(record: ZipRecord, entry: ZipEntry): void {
  const same = (what: string, met: number, wanted: number) => {
    if (met === wanted) return;
    record.refuse(
      `entry ${shown(entry.name)}: local header says ${what} ${met}, the directory ${wanted}`,
    );
  };
  same("signature", record.u32(), LOCAL);
  record.u16();
  same("flags", record.u16(), entry.flags);
  same("method", record.u16(), entry.deflated ? 8 : 0);
  record.u32();
  const crc = record.u32();
  let stored = record.u32();
  let size = record.u32();
  same("length of the name", record.u16(), entry.nameBytes.length);
  const extra = record.u16();
  const name = record.bytes(entry.nameBytes.length);
  if (name.some((byte, i) => byte !== entry.nameBytes[i])) {
    record.refuse(`entry ${shown(entry.name)}: local header has another name`);
  }
  const wide = zip64Field(record.bytes(extra), record);
  if (wide && stored === ELSEWHERE_32 && size === ELSEWHERE_32) {
    const fields = new ZipRecord(wide, { offset: record.offset, file: "" });
    if (wide.length !== 16) record.refuse(`a local zip64 field of ${wide.length} bytes, wanted 16`);
    size = fields.u64();
    stored = fields.u64();
  }
  // With a descriptor after the data, the header may contain zeros here.
  const open = (entry.flags & HAS_DESCRIPTOR) !== 0 && crc === 0 && stored === 0 && size === 0;
  if (open) return;
  same("CRC", crc, entry.crc);
  same("stored bytes", stored, entry.stored);
  same("bytes", size, entry.size);
}

/**
 * @returns length of the descriptor after the data
 */
async function readDescriptor(
  source: ByteSource,
  entry: ZipEntry,
  { end, offset, file }: Place & { offset: number },
): Promise<number> {
  if ((entry.flags & HAS_DESCRIPTOR) === 0) return 0;
  const at = offset + entry.stored;
  const length = end - at;
  if (length !== 16 && length !== 24) {
    refuseZip(file, at, `${length} bytes after entry ${shown(entry.name)}, wanted a descriptor`);
  }
  const record = new ZipRecord(await readExactly(source, { offset: at, length }, file), {
    offset: at,
    file,
  });
  const count = () => length === 24 ? record.u64() : record.u32();
  record.expect("signature of a descriptor", record.u32(), DESCRIPTOR);
  record.expect("CRC of a descriptor", record.u32(), entry.crc);
  record.expect("stored bytes of a descriptor", count(), entry.stored);
  record.expect("bytes of a descriptor", count(), entry.size);
  return length;
}
