/** One way to say what the components of a JPEG are, for decoders that guess otherwise than libjpeg. @module */
import { Buffer } from "node:buffer";
import type { Jpeg } from "./jpeg.ts";

const ADOBE = new TextEncoder().encode("Adobe");
/** Transform of Adobe's segment, by what the components are. */
const TRANSFORMS = { RGB: 0, YCbCr: 1, CMYK: 0, YCCK: 2 };

/**
 * The file with a last segment of Adobe's before the frame, which says what the components are. Decoders take it over JFIF, earlier
 * segments and the components' names.
 *
 * @param bytes the whole file
 * @param jpeg what `verifyJpeg` says of it
 */
export function withPlainColours(bytes: Uint8Array, jpeg: Jpeg): Uint8Array {
  if (jpeg.colours === "grey") return bytes;
  const segment = Uint8Array.of(0xff, 0xee, 0, 14, ...ADOBE, 0, 100, 0, 0, 0, 0, 0);
  segment[segment.length - 1] = TRANSFORMS[jpeg.colours];
  const at = jpeg.frameOffset;
  return Buffer.concat([bytes.subarray(0, at), segment, bytes.subarray(at)]);
}
