import assert from "node:assert/strict";
import { crc32, deflateRawSync } from "node:zlib";
import { FormatError } from "../../../src/errors.ts";
import { ZipArchive } from "../../../src/formats/torch/zip_archive.ts";
import { sourceOf } from "../../support/checkpoint_builder.ts";
import {
  type EndLies,
  fields,
  type HeaderLies,
  join,
  zipOf,
  type ZipPart,
} from "../../support/zip_builder.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const open = (bytes: Uint8Array) => ZipArchive.open(sourceOf(bytes), "a.zip");

const DATA = utf8("0123456789");
const parts = (change: Partial<ZipPart> = {}): ZipPart[] => [
  { name: "a/x", data: DATA, ...change },
  { name: "a/y", data: utf8("abc") },
];
const local = (lies: HeaderLies) => zipOf(parts({ local: lies }));
const central = (lies: HeaderLies) => zipOf(parts({ central: lies }));
const both = (lies: HeaderLies) => zipOf(parts({ local: lies, central: lies }));
const named = (name: string | Uint8Array) => both({ name });
const end = (lies: EndLies) => zipOf(parts(), lies);
const zip64 = (lies: EndLies["zip64"], rest: EndLies = {}) =>
  zipOf(parts(), { zip64: lies, ...rest });
const wide = (...values: number[]) =>
  join(
    fields([2, 1], [2, 8 * values.length]),
    fields(...values.map((value) => [8, value] as const)),
  );
const ELSEWHERE = 0xffffffff;

/** The parts with a trailing descriptor, as PyTorch writes them. */
const described = (change: Partial<ZipPart> = {}): ZipPart[] =>
  parts({ flags: 0x0808, ...change }).map((part) => ({ flags: 0x0808, ...part }));
const descriptor = (crc: number, stored: number, size: number, signature = 0x08074b50) =>
  fields([4, signature], [4, crc], [4, stored], [4, size]);

/** 10 MB of zeros in 10 KB. */
const ZEROS = new Uint8Array(10_000_000);
const BOMB = new Uint8Array(deflateRawSync(ZEROS));
/** An archive whose first entry is deflated. */
const deflated = (data: Uint8Array, lies: HeaderLies) =>
  zipOf(parts({ data, local: { method: 8, ...lies }, central: { method: 8, ...lies } }));

const LIES: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
  ["an empty file", () => new Uint8Array(0), /byte 0: no end of a zip directory/],
  ["21 bytes", () => new Uint8Array(21), /no end of a zip directory/],
  ["a file cut short", () => zipOf(parts()).slice(0, -1), /no end of a zip directory/],
  [
    "a prefix, offsets as if it were not there",
    () => end({ prefix: utf8("#!/bin/sh\n"), offset: 83 }),
    /wanted to end here/,
  ],
  [
    "a prefix, offsets counted with it",
    () => end({ prefix: utf8("#!/bin/sh\n") }),
    /"a\/x" starts here, the data before it end at 0/,
  ],
  [
    "65,536 bytes behind the archive",
    () => end({ suffix: new Uint8Array(65_536) }),
    /more than a comment follows the archive/,
  ],
  [
    "a second archive behind it",
    () => end({ suffix: zipOf([{ name: "a/z", data: DATA }]) }),
    /starts here, what is before|wanted to end here/,
  ],
  [
    "a comment that holds another end",
    () => end({ comment: fields([4, 0x06054b50], [8, 0], [8, 0], [2, 0]) }),
    /wanted to end here/,
  ],
  [
    "a directory that ends within an entry",
    () =>
      zipOf(parts().map((part, i) => ({ ...part, name: `${part.name}${"z".repeat(40 * i)}` })), {
        count: 3,
      }),
    /a record that is cut short/,
  ],
  [
    "a directory of 17 MiB",
    () =>
      join(
        new Uint8Array(17 * 2 ** 20),
        fields([4, 0x06054b50], [4, 0], [2, 1], [2, 1], [4, 17 * 2 ** 20], [4, 0], [2, 0]),
      ),
    /a directory of 17825792 bytes for 1 entries/,
  ],
  ["a directory on another disk", () => end({ directoryDisk: 1 }), /disk of the directory 1/],
  ["other entries on this disk", () => end({ here: 1 }), /entries on this disk 1, wanted 2/],
  [
    "a comment that is not there",
    () => end({ commentLength: 9 }),
    /a comment of 9 bytes, 0 are left/,
  ],
  ["a zip64 record on another disk", () => zip64({ locatorDisk: 1 }), /disk of the zip64 record 1/],
  ["a zip64 record of another disk", () => zip64({ disk: 1 }), /: disk 1, wanted 0/],
  [
    "a zip64 directory of another disk",
    () => zip64({ directoryDisk: 1 }),
    /disk of the directory 1/,
  ],
  ["several disks", () => end({ disk: 1 }), /disk 1, wanted 0/],
  [
    "more entries than there are",
    () => end({ count: 3 }),
    /signature of an entry|cut short|a directory of/,
  ],
  ["fewer entries than there are", () => end({ count: 1 }), /the directory has \d+ bytes more/],
  [
    "1,000,000 entries",
    () => zip64({ count: 1_000_000 }, { count: 0xffff }),
    /1000000 entries, at most 20000/,
  ],
  [
    "a directory of 2^53 bytes",
    () => zip64({ size: 2 ** 52 }, { size: ELSEWHERE }),
    /wanted to end here/,
  ],
  [
    "a directory at 2^60",
    () => zip64({ offset: 2 ** 60 }, { offset: ELSEWHERE }),
    /a count of 1152921504606846976/,
  ],
  ["a directory past the end", () => end({ offset: 4000 }), /wanted to end here/],
  [
    "a zip64 count beside another count",
    () => zip64({ count: 3, here: 3 }),
    /zip64 count 3, wanted 2/,
  ],
  ["a zip64 size beside another size", () => zip64({ size: 7 }), /zip64 size 7, wanted \d+/],
  [
    "a zip64 offset beside another offset",
    () => zip64({ offset: 7 }),
    /zip64 offset 7, wanted \d+/,
  ],
  [
    "a zip64 record of another length",
    () => zip64({ length: 45 }),
    /length of the zip64 record 45, wanted 44/,
  ],
  [
    "a zip64 locator that points elsewhere",
    () => zip64({ locator: 4 }),
    /offset of the zip64 record 4/,
  ],
  ["a zip64 locator of several disks", () => zip64({ disks: 2 }), /number of disks 2/],
  ["two zip64 counts", () => zip64({ here: 1 }), /entries on this disk 1, wanted 2/],
  [
    "a locator without its record",
    () => fields([4, 0x07064b50], [8, 0], [8, 0], [4, 0x06054b50], [8, 0], [8, 0], [2, 0]),
    /locator without its record/,
  ],
  [
    "a count that is elsewhere, without zip64",
    () => end({ count: 0xffff }),
    /65535 entries|a directory of/,
  ],
  ["bzip2", () => both({ method: 12 }), /"a\/x": compressed by method 12, wanted stored or/],
  [
    "a size beyond what deflate can do",
    () => deflated(BOMB, { size: BOMB.length * 1032 + 1 }),
    /9733 bytes claim to inflate to 10044457, more than deflate can/,
  ],
  [
    "a deflated entry of more than 512 MiB",
    () => deflated(BOMB, { size: 2 ** 29 + 1 }),
    /536870913 bytes deflated, at most 536870912 are inflated/,
  ],
  ["encryption", () => both({ flags: 0x0801 }), /"a\/x": encrypted \(flags 0x801\)/],
  ["strong encryption", () => both({ flags: 0x0840 }), /encrypted/],
  ["a hidden directory", () => both({ flags: 0x2800 }), /encrypted/],
  ["patch data", () => both({ flags: 0x0820 }), /patch data \(flags 0x820\)/],
  ["unknown flags", () => both({ flags: 0x8000 }), /unknown flags 0x8000/],
  ["a name twice", () => zipOf([...parts(), { name: "a/x", data: DATA }]), /a second entry "a\/x"/],
  [
    "a name twice but for case",
    () => zipOf([...parts(), { name: "A/X", data: DATA }]),
    /a second entry "A\/X"/,
  ],
  [
    "a local header of another name",
    () => local({ name: "a/z" }),
    /"a\/x": local header has another name/,
  ],
  [
    "a local header of a longer name",
    () => local({ name: "a/xx" }),
    /length of the name 4, the directory 3/,
  ],
  [
    "a local header of other flags",
    () => local({ flags: 0 }),
    /local header says flags 0, the directory 2048/,
  ],
  ["a local header of another method", () => local({ method: 8 }), /local header says method 8/],
  ["a local header of another CRC", () => local({ crc: 1 }), /local header says CRC 1/],
  ["a local header of another size", () => local({ size: 9 }), /local header says bytes 9/],
  [
    "a local header of another stored size",
    () => local({ stored: 9 }),
    /local header says stored bytes 9/,
  ],
  [
    "a local header that leaves its sizes open without a descriptor",
    () => local({ size: 0, stored: 0, crc: 0 }),
    /local header says CRC 0/,
  ],
  ["sizes that differ", () => central({ stored: 9 }), /9 bytes stored for 10 bytes/],
  [
    "a size that runs into the next entry",
    () => both({ size: 40, stored: 40 }),
    /there is no room|runs into/,
  ],
  [
    "a size that runs into the next entry behind its extra area",
    () =>
      zipOf(parts({
        local: { size: 15, stored: 15, extra: fields([2, 0x4246], [2, 8], [8, 0]) },
        central: { size: 15, stored: 15 },
      })),
    /runs into what follows it/,
  ],
  ["a size past the end", () => both({ size: 4_000_000, stored: 4_000_000 }), /there is no room/],
  [
    "a size that leaves a hole",
    () => both({ size: 9, stored: 9 }),
    /"a\/y" starts here, the data before it end at 42/,
  ],
  [
    "two entries at one place",
    () => zipOf([parts()[0], { ...parts()[1], central: { offset: 0 } }]),
    /there is no room|starts here/,
  ],
  [
    "an entry within another",
    () => zipOf([parts()[0], { ...parts()[1], central: { offset: 20 } }]),
    /there is no room/,
  ],
  [
    "a gap between entries",
    () => zipOf([parts()[0], { ...parts()[1], gap: utf8("!") }]),
    /"a\/y" starts here, the data before it end at/,
  ],
  ["an offset past the end", () => central({ offset: 100_000 }), /starts here|there is no room/],
  [
    "a hole before the directory",
    () => zipOf([parts()[0], { ...parts()[1], descriptor: utf8("!") }]),
    /the entries end here, the directory starts at/,
  ],
  ["an entry of another disk", () => central({ disk: 1 }), /another disk/],
  [
    "an entry marked as a folder",
    () => central({ attributes: 0x10 }),
    /not a plain file \(attributes 0x10\)/,
  ],
  [
    "an entry marked as a link",
    () => central({ attributes: 0o120777 * 2 ** 16 }),
    /not a plain file/,
  ],
  [
    "a zip64 field that nothing asks for",
    () => central({ extra: wide(10) }),
    /a zip64 field of 8 bytes, wanted 0/,
  ],
  [
    "a zip64 field that is missing",
    () => central({ size: ELSEWHERE, stored: ELSEWHERE }),
    /a zip64 field of 0 bytes, wanted 16/,
  ],
  [
    "a zip64 field of too few sizes",
    () => central({ size: ELSEWHERE, stored: ELSEWHERE, extra: wide(10) }),
    /of 8 bytes, wanted 16/,
  ],
  [
    "a zip64 field with a size past the end",
    () => central({ size: ELSEWHERE, stored: ELSEWHERE, extra: wide(2 ** 40, 2 ** 40) }),
    /there is no room/,
  ],
  [
    "a zip64 size that the local header does not say",
    () => zipOf(parts({ local: { size: ELSEWHERE, stored: ELSEWHERE, extra: wide(9, 9) } })),
    /local header says stored bytes 9/,
  ],
  [
    "a local zip64 field of three sizes",
    () => local({ size: ELSEWHERE, stored: ELSEWHERE, extra: wide(10, 10, 0) }),
    /a local zip64 field of 24 bytes, wanted 16/,
  ],
  [
    "two zip64 fields",
    () => central({ size: ELSEWHERE, stored: ELSEWHERE, extra: join(wide(10, 10), wide(10, 10)) }),
    /two zip64 fields/,
  ],
  [
    "an extra area cut short",
    () => central({ extra: utf8("FB") }),
    /an extra area that is cut short/,
  ],
  [
    "an extra field longer than its area",
    () => local({ extra: fields([2, 0x4246], [2, 9]) }),
    /an extra field longer/,
  ],
  [
    "a descriptor of another CRC",
    () => zipOf(described({ descriptor: descriptor(1, 10, 10) })),
    /CRC of a descriptor 1/,
  ],
  [
    "a descriptor of another size",
    () => zipOf(described({ descriptor: descriptor(crc32(DATA), 9, 10) })),
    /stored bytes of a descriptor 9/,
  ],
  [
    "a descriptor without its signature",
    () => zipOf(described({ descriptor: descriptor(0, 0, 0, 0) })),
    /signature of a descriptor 0/,
  ],
  [
    "no descriptor where the flags promise one",
    () => zipOf(described({ descriptor: new Uint8Array(0) })),
    /0 bytes after entry "a\/x", wanted a descriptor/,
  ],
  ["a name that leads out", () => named("a/../../x"), /wanted a path that stays in the archive/],
  ["an absolute name", () => named("/etc/passwd"), /stays in the archive/],
  ["a drive", () => named("c:/x"), /wanted a plain relative path/],
  ["a backslash in a name", () => named("a\\..\\x"), /wanted a plain relative path/],
  ["a NUL in a name", () => named("a/x\0.txt"), /wanted a plain relative path/],
  ["a line break in a name", () => named("a/x\n"), /wanted a plain relative path/],
  ["a name that is a folder", () => named("a/"), /stays in the archive/],
  ["a name with a dot for a part", () => named("a/./x"), /stays in the archive/],
  ["an empty name", () => named(""), /a name of 0 bytes/],
  ["a name of 600 bytes", () => named("a".repeat(600)), /a name of 600 bytes, wanted 1 to 511/],
  ["a name that is not UTF-8", () => named(Uint8Array.of(0x61, 0xff)), /a name that is not UTF-8/],
];
for (const [lie, make, wanted] of LIES) {
  Deno.test({
    name: `ZipArchive.open() refuses ${lie}`,
    permissions: "none",
    async fn() {
      const bytes = make();
      await assert.rejects(open(bytes), (error: Error) => {
        assert(error instanceof FormatError, error.stack);
        assert.match(error.message, /^a\.zip: byte \d+: [^\n]*$/);
        assert.match(error.message, wanted);
        return true;
      });
    },
  });
}

Deno.test("ZipArchive reads plain, aligned and zip64 archives, and descriptors", async () => {
  const aligned = join(fields([2, 0x4246], [2, 300]), new Uint8Array(300));
  const archives = [
    zipOf(parts()),
    zipOf(described()),
    zipOf(parts({ local: { extra: aligned } })),
    zipOf(parts(), { comment: utf8("PK") }),
    zipOf(parts(), { suffix: utf8("\nmore") }),
    zipOf(parts(), { comment: utf8("more"), suffix: new Uint8Array(60_000), zip64: {} }),
    central({ comment: utf8("!") }),
    deflated(new Uint8Array(deflateRawSync(DATA)), { size: 10, crc: crc32(DATA) }),
    zipOf(parts(), { zip64: {} }),
    zipOf(parts(), { zip64: {}, count: 0xffff, size: ELSEWHERE, offset: ELSEWHERE }),
    zipOf(
      parts({
        local: { size: ELSEWHERE, stored: ELSEWHERE, extra: wide(10, 10) },
        central: { size: ELSEWHERE, stored: ELSEWHERE, offset: ELSEWHERE, extra: wide(10, 10, 0) },
      }),
    ),
    zipOf(
      described({
        descriptor: join(fields([4, 0x08074b50], [4, crc32(DATA)]), fields([8, 10], [8, 10])),
      }),
    ),
  ];
  for (const bytes of archives) {
    const zip = await open(bytes);
    assert.deepEqual([...zip.entries.keys()], ["a/x", "a/y"]);
    assert.deepEqual([...await zip.entries.get("a/x")!.readAll()], [...DATA]);
    assert.equal(zip.entries.get("a/y")!.size, 3);
  }
});

Deno.test("ArchiveEntry stops inflating at the size in the directory", async () => {
  const claim = { size: 9_999_999, crc: crc32(ZEROS.subarray(1)) };
  const read = async (bytes: Uint8Array) => (await open(bytes)).entries.get("a/x")!.readAll();
  await assert.rejects(read(deflated(BOMB, claim)), /"a\/x" does not inflate to its 9999999 bytes/);
  const truth = { size: ZEROS.length, crc: crc32(ZEROS) };
  assert.equal((await read(deflated(BOMB, truth))).length, ZEROS.length);
  const more = { ...truth, size: ZEROS.length + 1 };
  await assert.rejects(read(deflated(BOMB, more)), /does not inflate to its 10000001 bytes/);
  await assert.rejects(read(deflated(BOMB, { ...truth, crc: 1 })), /has CRC-32/);
  await assert.rejects(read(deflated(BOMB.slice(0, -9), truth)), /does not inflate/);
});

Deno.test("ArchiveEntry reads every part of a deflated entry, in any order", async () => {
  const data = Uint8Array.from({ length: 1000 }, (_, i) => i % 7);
  const [first, second] = ["a/x", "a/y"].map((name): ZipPart => {
    const lies = { method: 8, size: data.length, crc: crc32(data) };
    return { name, data: new Uint8Array(deflateRawSync(data)), local: lies, central: lies };
  });
  const { entries } = await open(zipOf([first, second]));
  for (const name of ["a/x", "a/y", "a/x"]) {
    for (const [offset, length] of [[0, 500], [500, 500], [999, 1], [3, 40]]) {
      const part = await entries.get(name)!.readInOrder({ offset, length });
      assert.deepEqual([...part], [...data.subarray(offset, offset + length)]);
    }
  }
});

Deno.test("ZipArchive lists entries in the order of the file, not of the directory", async () => {
  const [x, y] = parts();
  const bytes = zipOf([y, x]);
  const zip = await open(bytes);
  assert.deepEqual([...zip.entries.keys()], ["a/y", "a/x"]);
});

Deno.test("ZipArchive refuses 20,001 entries without reading them", async () => {
  const bytes = zipOf([], { zip64: { count: 20_001, size: 0 }, count: 20_001 });
  await assert.rejects(open(bytes), /20001 entries, at most 20000/);
});

Deno.test("ArchiveEntry verifies a checksum once, for every way of reading", async () => {
  const bytes = zipOf(parts());
  const source = sourceOf(bytes);
  const zip = await ZipArchive.open(source, "a.zip");
  const entry = zip.entries.get("a/x")!;
  source.bytesRead = 0;
  const some = await entry.readPart({ offset: 3, length: 2 });
  assert.deepEqual([...some], [...utf8("34")]);
  assert.equal(source.bytesRead, 12);
  await entry.readAll();
  assert.equal(source.bytesRead, 22);
  for (const name of ["a/x", "a/y"]) {
    const damaged = bytes.slice();
    damaged[name === "a/x" ? 34 : 78] ^= 4;
    const entry = (await open(damaged)).entries.get(name)!;
    await assert.rejects(entry.readAll(), FormatError);
    await assert.rejects(entry.readPart({ offset: 0, length: 1 }), FormatError);
  }
});
