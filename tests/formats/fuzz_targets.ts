/** What the fuzz tests feed to each parser of src/formats. @module */
import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import { verifyImage } from "../../src/images/image_file.ts";
import { readJson } from "../../src/formats/json.ts";
import { readNpy, writeNpy } from "../../src/formats/npy/npy.ts";
import { decodePng } from "../../src/images/png_pixels.ts";
import { insertPngText, readPngText } from "../../src/images/png_text.ts";
import {
  readSafetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../src/formats/safetensors/safetensors.ts";
import type { FuzzTarget } from "../support/fuzz.ts";
import { BASELINE, exifSegment, GREY, PROGRESSIVE, withSegment } from "../images/jpeg_fixture.ts";
import { chunk, header, IEND, join, pngWith, SIGNATURE } from "../images/png_fixture.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

const JSON_TOKENS: FuzzTarget["tokens"] = [
  ...['"__proto__":', '"constructor":', '"a":', "null", "true", "-0", "1e309", "1e2", "0.5", "-1"],
  ...["9007199254740993", "\\ud800", "\\u0061", "\\", '"', "{", "}", "[", "]", ",", ":", " ", "\n"],
  ...["[[[[[[[[[[[[[[[[[[", "\u2028", "\0"],
  ...[Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xef, 0xbb, 0xbf)],
];

function parseJson(bytes: Uint8Array): unknown {
  const value = readJson(bytes, { maxDepth: 16 });
  // What we accept, JSON.parse accepts with the same value.
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  assert.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)));
  assert.deepEqual(Object.keys(Object.prototype), []);
  return value;
}

export const JSON_TARGET: FuzzTarget = {
  name: "json",
  parse: parseJson,
  seeds: [
    '{"steps":50,"seeds":[0,1,9007199254740991],"prompt":"black duck \\ud83e\\udd86 é","nested":{"a":[[],{}]}}',
    '[null,true,false,-0.5e-3,1E+2,"\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    ' { "beta_start" : 0.00085 ,\n"beta_end": 0.012, "trained_betas": null }\n',
    "0",
  ].map(utf8),
  tokens: JSON_TOKENS,
};

function parseSafetensors(bytes: Uint8Array): unknown {
  const read = readSafetensors(bytes);
  let total = 0;
  for (const { data } of read.tensors.values()) total += data.byteLength;
  assert(total < bytes.length, "more tensor bytes than file bytes");
  assert.deepEqual(
    contentOf(readSafetensors(writeSafetensors(read.tensors, read.metadata))),
    contentOf(read),
  );
  return read;
}

/**
 * Tensors and metadata by name: writing puts them in another order. NaN and its payload count as
 * bytes.
 */
function contentOf({ tensors, metadata }: ReturnType<typeof readSafetensors>): unknown {
  const plain = [...tensors].map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, dtype, shape.join(), crc32(bytes)].join("|");
  });
  return [plain.sort(), [...metadata].map((pair) => pair.join("|")).sort()];
}

/** Gives the length field the length up to the last brace, and the spaces after it. */
function repairSafetensors(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  let end = out.lastIndexOf(0x7d) + 1;
  while (out[end] === 0x20) end++;
  if (end > 8) new DataView(out.buffer).setBigUint64(0, BigInt(end - 8), true);
  return out;
}

const TENSORS = new Map<string, SafetensorsTensor>([
  ["latents", { dtype: "F32", shape: [1, 2, 2], data: Float32Array.of(0, 1, -1, 0.5) }],
  ["noise", { dtype: "F16", shape: [3], data: Float16Array.of(1, 2, 3) }],
  ["empty", { dtype: "I64", shape: [0, 4], data: new BigInt64Array(0) }],
  ["scalar", { dtype: "U8", shape: [], data: Uint8Array.of(9) }],
]);

export const SAFETENSORS_TARGET: FuzzTarget = {
  name: "safetensors",
  parse: parseSafetensors,
  seeds: [
    writeSafetensors(TENSORS, new Map([["steps", "50"], ["é", "🦆"]])),
    writeSafetensors(new Map([["x", { dtype: "BF16", shape: [2], data: Uint16Array.of(1, 2) }]])),
    writeSafetensors(new Map()),
  ],
  tokens: [...JSON_TOKENS, '"__metadata__":{"a":"b"},', '"F64"', '"F4"', '"BOOL"', "[0,0]", "[]"],
  repair: repairSafetensors,
};

export const NPY_TARGET: FuzzTarget = {
  name: "npy",
  parse(bytes) {
    const { dtype, shape, data } = readNpy(bytes);
    assert(data.byteLength < bytes.length);
    if (data instanceof Float32Array || data instanceof Float64Array) {
      const again = readNpy(writeNpy(shape, data));
      assert.deepEqual([again.dtype, again.shape], [dtype, shape]);
      assert.equal(crc32(bytesOf(again.data)), crc32(bytesOf(data)));
    }
    return [dtype, shape, crc32(bytesOf(data))];
  },
  seeds: [
    writeNpy([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
    writeNpy([], Float64Array.of(0.5)),
    writeNpy([0, 4], new Float64Array(0)),
    // Version 3.0, double quotes, another order.
    Uint8Array.of(
      0x93,
      ...utf8('NUMPY\x03\0\x38\0\0\0{"shape": (1,), "fortran_order": False, "descr": "|u1"}\n\x07'),
    ),
  ],
  tokens: ["'|O'", "'>f4'", "'<f8'", "'<i8'", "True", "(", ")", ",", "[('a','<f4')]", "{", "}", "'"]
    .concat([
      " ",
      "\n",
      "0",
      "-1",
      "1e9",
      "9007199254740993",
      "(1,)",
      "()",
      "\\x41",
      "'shape': (1,),",
    ]),
};

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Gives every chunk that can be found its right CRC. */
function repairPng(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > out.length) break;
    view.setUint32(end, crc32(out.subarray(at + 4, end)));
    at = end + 4;
  }
  return out;
}

const TEXT_PNG = insertPngText(
  pngWith(),
  new Map([["parameters", "a, b\nSteps: 1"], ["parataa", '{"prompt":"鸭"}']]),
);

export const PNG_TARGET: FuzzTarget = {
  name: "png",
  parse(bytes) {
    const texts = readPngText(bytes);
    assert.deepEqual(readPngText(insertPngText(bytes, new Map([["k", "v"]]))).get("k"), "v");
    return texts;
  },
  seeds: [
    TEXT_PNG,
    pngWith(chunk("zTXt", Uint8Array.of(0x61, 0, 0, ...deflateSync(utf8("text ".repeat(9)))))),
    pngWith(chunk("iTXt", Uint8Array.of(0x61, 0, 1, 0, 0, 0, ...deflateSync(utf8("鸭"))))),
    pngWith(chunk("tEXt", "a\0b")),
  ],
  tokens: [...["tEXt", "zTXt", "iTXt", "IDAT", "IEND", "IHDR", "PLTE", "\0"], chunk("tEXt", "a\0b")]
    .concat([chunk("IEND"), chunk("PLTE", "rgb"), chunk("iTXt", "a\0\0\0\0\0b"), chunk("ABCD")]),
  repair: repairPng,
};

/** Puts an EOI behind a JPEG, so that one cut short gets past the last guard. */
function repairImage(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0xff) return repairPng(bytes);
  const out = new Uint8Array(bytes.length + 2);
  out.set(bytes);
  out.set([0xff, 0xd9], bytes.length);
  return out;
}

export const IMAGE_TARGET: FuzzTarget = {
  name: "image",
  parse(bytes) {
    const image = verifyImage(bytes);
    assert(image.length <= bytes.length);
    assert(image.width >= 1 && image.height >= 1 && image.width * image.height <= 64e6);
    assert(image.orientation >= 1 && image.orientation <= 8);
    // What follows the image changes nothing.
    assert.deepEqual(verifyImage(bytes.subarray(0, image.length)), image);
    return image;
  },
  seeds: [BASELINE, PROGRESSIVE, GREY, pngWith(), withSegment(GREY, exifSegment(6))],
  tokens: [
    ...[[0xff], [0xff, 0xff], [0xff, 0xd8], [0xff, 0xd9], [0xff, 0xd0], [0xff, 0], [
      0xff,
      0xda,
      0,
      2,
    ]],
    ...[[0xff, 0xfe, 0, 3, 1], [0xff, 0xc0], [0xff, 0xc2], [0xff, 0xc4], [0xff, 0xcc], [0, 0], [
      0,
      2,
    ]],
  ].map((bytes) => Uint8Array.from(bytes)),
  repair: repairImage,
};

/** A 3x2 image whose lines use the Paeth filter. */
function paethPng(
  format: readonly number[],
  samples: number,
  ...chunks: Uint8Array[]
): Uint8Array {
  const raw = Uint8Array.from(
    { length: 2 * (1 + samples) },
    (_, i) => i % (1 + samples) === 0 ? 4 : i,
  );
  const pixels = chunk("IDAT", deflateSync(raw));
  return join(SIGNATURE, header({ width: 3, height: 2, format }), ...chunks, pixels, IEND);
}

export const PNG_PIXELS_TARGET: FuzzTarget = {
  name: "png",
  parse(bytes) {
    const { width, height } = verifyImage(bytes);
    const image = decodePng(bytes);
    assert.deepEqual([image.width, image.height], [width, height]);
    assert.equal(image.data.length, width * height * 4);
    return crc32(image.data);
  },
  seeds: [
    paethPng([8, 6, 0, 0, 0], 12),
    paethPng([16, 2, 0, 0, 0], 18, chunk("tRNS", "\0\x01\0\x02\0\x03")),
    paethPng([2, 3, 0, 0, 0], 1, chunk("PLTE", "rgbRGBcmyCMY"), chunk("tRNS", "\0a")),
    pngWith(),
  ],
  tokens: [...["IDAT", "PLTE", "tRNS", "\0"], chunk("tRNS", "\0\0"), chunk("PLTE", "rgb")],
  repair: repairPng,
};
