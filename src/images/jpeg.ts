/**
 * Validates the marker layer of JPEG, since decoders accept truncated files. ITU-T T.81, annex B:
 * https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 * @module
 */
import { FormatError } from "../errors.ts";
import { exifOrientation } from "./exif.ts";

/** Result of {@link verifyJpeg}. */
export interface Jpeg {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Number of components: 1 grey, 3 colour, 4 CMYK. */
  readonly components: number;
  /** Colour space of the components. */
  readonly colours: "grey" | "RGB" | "YCbCr" | "CMYK" | "YCCK";
  /** Offset of the frame header, which has the size. */
  readonly frameOffset: number;
  /** Exif orientation, 1 (as stored) to 8. */
  readonly orientation: number;
  /** Length up to and including EOI; phones append more images after it. */
  readonly length: number;
}

interface Segment {
  marker: number;
  /** Offset of the 0xff before the marker. */
  offset: number;
  /** Content after the length field, a view of the file; empty for markers without content. */
  data: Uint8Array;
  /** Offset after the segment. */
  end: number;
}

interface Frame extends Pick<Jpeg, "width" | "height" | "components" | "frameOffset"> {
  /** Component ids that scans refer to. */
  ids: Uint8Array;
}

/** Colour information in segments before the frame. */
interface ColourMarkers {
  jfif: boolean;
  /** Transform in Adobe's segment. */
  adobe: number | undefined;
}

const [SOI, EOI, SOS, APP0, APP1, APP14] = [0xd8, 0xd9, 0xda, 0xe0, 0xe1, 0xee];
/** Frame types that decoders support: baseline, extended and progressive, Huffman-coded. */
const FRAMES: readonly number[] = [0xc0, 0xc1, 0xc2];
/** DHT, JPG and DAC have codes in the range of frame markers. */
const NO_FRAMES: readonly number[] = [0xc4, 0xc8, 0xcc];
/** Minimum length of JFIF's segment. */
const JFIF_LENGTH = 14;
/** Offset of the transform in Adobe's segment: 0 none, 1 YCbCr, 2 YCCK. */
const ADOBE_TRANSFORM = 11;
/**
 * Maximum number of scans. A progressive image has about ten; each costs as much as the whole
 * image.
 */
const MAX_SCANS = 100;

/**
 * Validates a JPEG without decoding its pixels: SOI, markers, segment lengths, one frame of a
 * supported type, the data of every scan, and EOI.
 *
 * @param bytes the whole file
 * @param options `file` is the file name in messages
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

/**
 * Colour space by libjpeg's rules: JFIF takes precedence over Adobe, Adobe over the component ids.
 */
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
  // Any number of 0xff bytes may precede a marker.
  while (bytes[code] === 0xff) code++;
  if (code >= bytes.length) throw refusal(file, at, "cut short before EOI");
  if (code === at) throw refusal(file, at, `wanted a marker, met ${hex(bytes[at])}`);
  const [marker, offset] = [bytes[code], code - 1];
  if (marker === EOI) return { marker, offset, data: bytes.subarray(0, 0), end: code + 1 };
  // Codes below SOF0 are reserved; restarts, SOI and similar markers have no length and are invalid
  // here.
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

/**
 * Offset of the first marker after a scan; inside a scan, 0xff is followed by zero or a restart.
 */
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
