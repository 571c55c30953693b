/** Reads an image of the user, PNG or JPEG. @module */
import { FormatError } from "../errors.ts";
import { verifyImage } from "./image_file.ts";
import { decodePng, type RgbaImage } from "./png_pixels.ts";
import type { Image } from "./image.ts";
import { decodeJpeg } from "./decode_jpeg.ts";
import { orientImage } from "./orient_image.ts";
import { resizeImage } from "./resize_image.ts";

/** Options of {@link readImage}. */
export interface ReadImageOptions {
  /** File name in messages. */
  file: string;
  /** Target width; the image's own by default. */
  width?: number;
  /** Target height; the image's own by default. */
  height?: number;
}

/**
 * Decodes a PNG or JPEG, puts it on a white background, rotates it by its Exif orientation, and
 * scales it to `width` and `height`.
 *
 * @param bytes the whole file
 * @throws {FormatError} when it is not an image, damaged, or too large
 * @throws {PermissionError} when the JPEG decoder may not be read
 */
export async function readImage(
  bytes: Uint8Array,
  options: ReadImageOptions,
): Promise<Image> {
  const { file } = options;
  const known = verifyImage(bytes, { file });
  const decoded = known.kind === "png"
    ? decodePng(bytes, { file })
    : await decodeJpeg(bytes.subarray(0, known.length), file);
  if (decoded.width !== known.width || decoded.height !== known.height) {
    throw new FormatError(
      `${file}: decodes to ${decoded.width}x${decoded.height}, but its header says ` +
        `${known.width}x${known.height}`,
    );
  }
  const image = orientImage(onWhite(decoded), known.orientation);
  const { width = image.width, height = image.height } = options;
  return width === image.width && height === image.height
    ? image
    : resizeImage(image, { width, height });
}

function onWhite({ width, height, data }: RgbaImage): Image {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const alpha = data[from + 3];
    for (let c = 0; c < 3; c++) {
      rgb[to++] = Math.round((data[from + c] * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data: rgb };
}
