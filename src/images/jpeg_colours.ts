/**
 * Declares the colour space of a JPEG explicitly, for decoders whose rules differ from libjpeg's.
 * @module
 */
import { Buffer } from "node:buffer";
import type { Jpeg } from "./jpeg.ts";

const ADOBE = new TextEncoder().encode("Adobe");
/** Transform of Adobe's segment, by colour space. */
const TRANSFORMS = { RGB: 0, YCbCr: 1, CMYK: 0, YCCK: 2 };

/**
 * The file with an Adobe segment before the frame that declares the colour space. Decoders prefer
 * it to JFIF, earlier segments and component ids.
 *
 * @param bytes the whole file
 * @param jpeg result of `verifyJpeg`
 */
export function withPlainColours(bytes: Uint8Array, jpeg: Jpeg): Uint8Array {
  if (jpeg.colours === "grey") return bytes;
  const segment = Uint8Array.of(0xff, 0xee, 0, 14, ...ADOBE, 0, 100, 0, 0, 0, 0, 0);
  segment[segment.length - 1] = TRANSFORMS[jpeg.colours];
  const at = jpeg.frameOffset;
  return Buffer.concat([bytes.subarray(0, at), segment, bytes.subarray(at)]);
}
