/**
 * Reads the needed libraries and the constants of an ELF library without opening it.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";

const SHT_STRTAB = 3;
const SHT_DYNAMIC = 6;
const DT_NEEDED = 1n;
const SECTION_HEADER_SIZE = 64;

interface Section {
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** An ELF library on disk. */
export interface SharedObject {
  /** Sonames that the loader must find before it opens this library. */
  readonly needed: readonly string[];
  /** The section `.rodata`, one character per byte; "" if there is none. */
  readonly constants: string;
}

/**
 * Reads the head of a 64-bit little-endian ELF library.
 *
 * @throws {RuntimeLibraryError} if the file is no such library, or truncated
 * @throws {Deno.errors.NotCapable | Deno.errors.NotFound} as `Deno.open`
 */
export function readSharedObject(path: string): SharedObject {
  using file = Deno.openSync(path);
  const fault = (what: string) => new RuntimeLibraryError(`${path} is no usable library: ${what}`);
  const read = (offset: number, size: number): Uint8Array<ArrayBuffer> => {
    if (offset + size > file.statSync().size) throw fault(`it ends before byte ${offset + size}`);
    const bytes = new Uint8Array(size);
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < size;) done += file.readSync(bytes.subarray(done)) ?? size;
    return bytes;
  };
  const head = new DataView(read(0, 64).buffer);
  if (head.getUint32(0) !== 0x7f454c46) throw fault("it is no ELF file");
  if (head.getUint16(4) !== 0x0201) throw fault("it is not 64-bit little-endian");
  // Elf64_Ehdr: e_shoff @40, e_shnum @60, e_shstrndx @62.
  const count = head.getUint16(60, true);
  const table = new DataView(
    read(Number(head.getBigUint64(40, true)), count * SECTION_HEADER_SIZE).buffer,
  );
  const sections = Array.from({ length: count }, (_, i) => readSection(table, i));
  const content = (section: Section | undefined) =>
    section ? read(section.offset, section.size) : new Uint8Array();
  const names = content(sections[head.getUint16(62, true)]);
  const dynamic = sections.find(({ type }) => type === SHT_DYNAMIC);
  const strings = sections[dynamic?.link ?? -1];
  const rodata = sections.find((section) => text(names, section.name) === ".rodata");
  return {
    needed: strings?.type === SHT_STRTAB ? neededNames(content(dynamic), content(strings)) : [],
    constants: new TextDecoder("latin1").decode(content(rodata)),
  };
}

/** Elf64_Shdr: sh_name @0, sh_type @4, sh_offset @24, sh_size @32, sh_link @40. */
function readSection(table: DataView, index: number): Section {
  const at = index * SECTION_HEADER_SIZE;
  return {
    name: table.getUint32(at, true),
    type: table.getUint32(at + 4, true),
    offset: Number(table.getBigUint64(at + 24, true)),
    size: Number(table.getBigUint64(at + 32, true)),
    link: table.getUint32(at + 40, true),
  };
}

/** Elf64_Dyn: d_tag @0, d_val @8. */
function neededNames(dynamic: Uint8Array, strings: Uint8Array): string[] {
  const entries = new DataView(dynamic.buffer, dynamic.byteOffset, dynamic.byteLength);
  const names: string[] = [];
  for (let at = 0; at + 16 <= entries.byteLength; at += 16) {
    if (entries.getBigUint64(at, true) !== DT_NEEDED) continue;
    names.push(text(strings, Number(entries.getBigUint64(at + 8, true))));
  }
  return names;
}

/** The zero-terminated string at `start`. */
function text(strings: Uint8Array, start: number): string {
  const end = strings.indexOf(0, start);
  return new TextDecoder().decode(strings.subarray(start, end < 0 ? strings.length : end));
}
