/** Pictures that the user brings, PNG or JPEG. @module */
import { FormatError, PermissionError } from "../errors.ts";
import { verifyImage } from "../formats/image/image_file.ts";
import { decodePng, type RgbaImage } from "../formats/image/png_pixels.ts";
import type { Picture } from "../models/vae.ts";
import { loadEncoder, missingPermission } from "./picture.ts";
import { orientPicture } from "./orient_picture.ts";
import { resizePicture } from "./resize_picture.ts";

/** Options of {@link readPicture}. */
export interface ReadPictureOptions {
  /** Name in messages. */
  file: string;
  /** Size to make of it; its own where absent. */
  width?: number;
  /** Height to make of it; its own where absent. */
  height?: number;
}

/**
 * Decodes a PNG or JPEG, puts it on white where it is transparent, turns it as the camera was held, and stretches it to `width` and `height`.
 *
 * @param bytes the whole file
 * @throws {FormatError} where it is no picture, damaged, or too large
 * @throws {PermissionError} where JPEG's decoder cannot be read
 */
export async function readPicture(
  bytes: Uint8Array,
  options: ReadPictureOptions,
): Promise<Picture> {
  const { file } = options;
  const known = verifyImage(bytes, { file });
  const image = known.kind === "png"
    ? decodePng(bytes, { file })
    : await decodeJpeg(bytes.subarray(0, known.length), file);
  if (image.width !== known.width || image.height !== known.height) {
    throw new FormatError(
      `${file}: decodes to ${image.width}x${image.height}, it says ${known.width}x${known.height}`,
    );
  }
  const picture = orientPicture(onWhite(image), known.orientation);
  const { width = picture.width, height = picture.height } = options;
  return width === picture.width && height === picture.height
    ? picture
    : resizePicture(picture, { width, height });
}

async function decodeJpeg(bytes: Uint8Array, file: string): Promise<RgbaImage> {
  const { Image } = await loadEncoder();
  try {
    const { width, height, bitmap } = await Image.decode(bytes);
    return { width, height, data: Uint8Array.from(bitmap) };
  } catch (cause) {
    const hint = missingPermission(cause);
    if (hint) {
      throw new PermissionError(`cannot load the JPEG decoder for ${file}`, { hint, cause });
    }
    throw new FormatError(`${file}: its JPEG data cannot be decoded`, {
      hint: "save it as PNG",
      cause,
    });
  }
}

function onWhite({ width, height, data }: RgbaImage): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    const alpha = data[from + 3];
    for (let c = 0; c < 3; c++) {
      rgb[to++] = Math.round((data[from + c] * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data: rgb };
}
