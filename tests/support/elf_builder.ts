/** Builds minimal ELF libraries for reading: sections, no code. @module */

const ENCODER = new TextEncoder();

/** Returns a 64-bit library that needs `needed` and has `constants` in `.rodata`. */
export function elfLibrary(
  { needed, constants = "" }: { needed: readonly string[]; constants?: string },
): Uint8Array<ArrayBuffer> {
  const strings = ENCODER.encode(["", ...needed, ""].join("\0"));
  const dynamic = new BigUint64Array(2 * needed.length + 2);
  let at = 1;
  for (const [i, name] of needed.entries()) {
    dynamic.set([1n, BigInt(at)], 2 * i); // DT_NEEDED
    at += name.length + 1;
  }
  const names = "\0.dynstr\0.dynamic\0.rodata\0.shstrtab\0";
  const sections: [name: string, type: number, content: Uint8Array, link: number][] = [
    ["", 0, new Uint8Array(), 0],
    [".dynstr", 3, strings, 0],
    [".dynamic", 6, new Uint8Array(dynamic.buffer), 1],
    [".rodata", 1, ENCODER.encode(constants), 0],
    [".shstrtab", 3, ENCODER.encode(names), 0],
  ];
  const end = 64 + sections.reduce((sum, [, , { length }]) => sum + length, 0);
  const file = new Uint8Array(end + 64 * sections.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(40, BigInt(end), true);
  view.setUint16(60, sections.length, true);
  view.setUint16(62, sections.length - 1, true);
  let offset = 64;
  for (const [i, [name, type, content, link]] of sections.entries()) {
    const header = end + 64 * i;
    file.set(content, offset);
    view.setUint32(header, name === "" ? 0 : names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint32(header + 4, type, true);
    view.setBigUint64(header + 24, BigInt(offset), true);
    view.setBigUint64(header + 32, BigInt(content.length), true);
    view.setUint32(header + 40, link, true);
    offset += content.length;
  }
  return file;
}
