/**
 * The marker layer of JPEG: what decoders skip or mend, we check, since they accept files that lost their tail.
 * ITU-T T.81, annex B: https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 * @module
 */
import { FormatError } from "../errors.ts";
import { exifOrientation } from "./exif.ts";

/** What {@link verifyJpeg} returns. */
export interface Jpeg {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** 1 grey, 3 colour, 4 inks. */
  readonly components: number;
  /** What the components are. */
  readonly colours: "grey" | "RGB" | "YCbCr" | "CMYK" | "YCCK";
  /** Where the frame, which says the size, starts. */
  readonly frameOffset: number;
  /** How to turn the image, 1 (as stored) to 8, as Exif has it. */
  readonly orientation: number;
  /** Bytes up to and with EOI; phones append more images after it. */
  readonly length: number;
}

interface Segment {
  marker: number;
  /** Offset of the 0xff before the marker. */
  offset: number;
  /** What follows the length field, a view of the file; empty where the marker has none. */
  data: Uint8Array;
  /** Offset of what follows the segment. */
  end: number;
}

interface Frame extends Pick<Jpeg, "width" | "height" | "components" | "frameOffset"> {
  /** Numbers by which scans name the components. */
  ids: Uint8Array;
}

/** What segments before the image say of its colours. */
interface ColourMarkers {
  jfif: boolean;
  /** Transform of Adobe's segment. */
  adobe: number | undefined;
}

const [SOI, EOI, SOS, APP0, APP1, APP14] = [0xd8, 0xd9, 0xda, 0xe0, 0xe1, 0xee];
/** Frames that decoders know: baseline, extended and progressive, Huffman-coded. */
const FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];
/** DHT, JPG and DAC lie among the frames' markers. */
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc];
/** Least bytes of JFIF's segment. */
const JFIF_LENGTH = 14;
/** Where Adobe's segment has its transform: 0 none, 1 YCbCr, 2 YCCK. */
const ADOBE_TRANSFORM = 11;
/** Most scans of one file. A progressive image has about ten; each costs as much as the whole image. */
const MAX_SCANS = 100;

/**
 * Checks a JPEG without decoding its pixels: SOI, markers, segment lengths, one frame of a kind that decoders know, every scan up to
 * the marker after it, and EOI.
 *
 * @param bytes the whole file
 * @param options `file` is the name in messages
 * @throws {FormatError} naming the byte
 */
export function verifyJpeg(bytes: Uint8Array, options: { file?: string } = {}): Jpeg {
  const file = options.file ?? "JPEG data";
  if (bytes[0] !== 0xff || bytes[1] !== SOI) throw refusal(file, 0, "no JPEG signature");
  let frame: Frame | undefined;
  let orientation: number | undefined;
  const markers: ColourMarkers = { jfif: false, adobe: undefined };
  let scans = 0;
  for (let at = 2;;) {
    const segment = readSegment(bytes, at, file);
    const { marker, offset, end } = segment;
    at = end;
    if (marker === EOI) {
      if (frame && scans > 0) {
        const { ids, ...facts } = frame;
        const colours = coloursOf(ids, markers);
        return { ...facts, colours, orientation: orientation ?? 1, length: end };
      }
      throw refusal(file, offset, "EOI before any image");
    } else if (marker === SOS) {
      if (!frame) throw refusal(file, offset, "a scan before the frame");
      if (++scans > MAX_SCANS) throw refusal(file, offset, `more than ${MAX_SCANS} scans`);
      at = scanEnd(bytes, end, file);
    } else if (isFrame(marker)) {
      if (frame) throw refusal(file, offset, "a second frame");
      frame = readFrame(segment, file);
    } else if (marker === APP1) {
      orientation ??= exifOrientation(segment.data);
    } else if (marker === APP0) {
      markers.jfif ||= startsWith(segment.data, "JFIF\0") && segment.data.length >= JFIF_LENGTH;
    } else if (marker === APP14 && startsWith(segment.data, "Adobe")) {
      markers.adobe = segment.data[ADOBE_TRANSFORM] ?? markers.adobe;
    }
  }
}

/** What the components are, by libjpeg's rules: JFIF over Adobe, Adobe over the names of the components. */
function coloursOf(ids: Uint8Array, { jfif, adobe }: ColourMarkers): Jpeg["colours"] {
  if (ids.length === 1) return "grey";
  if (ids.length === 4) return adobe === undefined || adobe === 0 ? "CMYK" : "YCCK";
  const named = String.fromCharCode(...ids) === "RGB";
  return !jfif && (adobe === 0 || (adobe === undefined && named)) ? "RGB" : "YCbCr";
}

function startsWith(data: Uint8Array, text: string): boolean {
  return String.fromCharCode(...data.subarray(0, text.length)) === text;
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker);
}

function readSegment(bytes: Uint8Array, at: number, file: string): Segment {
  let code = at;
  // Any number of 0xff may fill the room before a marker.
  while (bytes[code] === 0xff) code++;
  if (code >= bytes.length) throw refusal(file, at, "cut short before EOI");
  if (code === at) throw refusal(file, at, `wanted a marker, met ${hex(bytes[at])}`);
  const [marker, offset] = [bytes[code], code - 1];
  if (marker === EOI) return { marker, offset, data: bytes.subarray(0, 0), end: code + 1 };
  // Below SOF0 there is nothing; restarts, SOI and the like have no length and belong elsewhere.
  if (marker < 0xc0 || (marker >= 0xd0 && marker <= SOI)) {
    throw refusal(file, offset, `marker ${hex(marker)} out of place`);
  }
  const room = bytes.length - code - 1;
  if (room < 2) throw refusal(file, offset, "cut short inside a segment");
  const length = bytes[code + 1] << 8 | bytes[code + 2];
  if (length < 2 || length > room) {
    throw refusal(
      file,
      offset,
      `segment ${hex(marker)} claims ${length} bytes, ${room} are left`,
    );
  }
  const end = code + 1 + length;
  return { marker, offset, data: bytes.subarray(code + 3, end), end };
}

function readFrame({ marker, offset, data }: Segment, file: string): Frame {
  if (!FRAMES.includes(marker)) {
    throw refusal(file, offset, `frame ${hex(marker)} is lossless, hierarchical or arithmetic`);
  }
  const [precision, h1, h0, w1, w0, components] = data;
  if (data.length < 6 || data.length !== 6 + 3 * components) {
    throw refusal(file, offset, `a frame of ${data.length} bytes`);
  }
  const [width, height] = [w1 << 8 | w0, h1 << 8 | h0];
  if (width === 0 || height === 0) throw refusal(file, offset, `size ${width}x${height}`);
  if (precision !== 8 || ![1, 3, 4].includes(components)) {
    throw refusal(
      file,
      offset,
      `${components} components of ${precision} bits, wanted 1 (grey), 3 (colour) or 4 (CMYK) of 8`,
    );
  }
  const ids = data.subarray(6).filter((_, i) => i % 3 === 0);
  return { width, height, components, ids, frameOffset: offset };
}

/** Offset of the first marker after a scan; inside one, 0xff is followed by a zero or a restart. */
function scanEnd(bytes: Uint8Array, start: number, file: string): number {
  for (let at = start;;) {
    const found = bytes.indexOf(0xff, at);
    if (found < 0 || found + 1 >= bytes.length) {
      throw refusal(file, bytes.length, "cut short inside a scan");
    }
    const next = bytes[found + 1];
    if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return found;
    at = found + 2;
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

function refusal(file: string, offset: number, what: string): FormatError {
  return new FormatError(`${file}: byte ${offset}: ${what}`);
}
