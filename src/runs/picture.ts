/** Pictures as PNG bytes. imagescript encodes; it is imported when first needed, since it needs permissions at import. @module */

import type { Picture } from "../models/vae.ts";

/** zlib's highest level: pictures are small, files are kept. */
const COMPRESSION = 9;

/** PNG bytes of a picture. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { Image } = await import("imagescript");
  const image = new Image(picture.width, picture.height);
  const { bitmap } = image;
  for (let from = 0, to = 0; from < picture.data.length; from += 3, to += 4) {
    bitmap[to] = picture.data[from];
    bitmap[to + 1] = picture.data[from + 1];
    bitmap[to + 2] = picture.data[from + 2];
    bitmap[to + 3] = 255;
  }
  return await image.encode(COMPRESSION);
}

/** Options of {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Pictures in a row. */
  columns: number;
  /** Pixels between pictures and around them. */
  gap?: number;
}

/** All pictures on one light grey sheet, row by row. All must have the first one's size. */
export function contactSheet(
  pictures: readonly Picture[],
  { columns, gap = 2 }: ContactSheetOptions,
): Picture {
  if (pictures.length === 0) throw new RangeError("contactSheet() needs at least one picture");
  const { width, height } = pictures[0];
  const rows = Math.ceil(pictures.length / columns);
  const across = Math.min(columns, pictures.length);
  const sheet: Picture = {
    width: across * (width + gap) + gap,
    height: rows * (height + gap) + gap,
    data: new Uint8Array(0),
  };
  sheet.data = new Uint8Array(sheet.width * sheet.height * 3).fill(224);
  pictures.forEach((picture, i) => {
    if (picture.width !== width || picture.height !== height) {
      throw new RangeError(
        `picture ${i} is ${picture.width}x${picture.height}, the first ${width}x${height}`,
      );
    }
    const left = gap + (i % columns) * (width + gap);
    const top = gap + Math.floor(i / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * width * 3, (y + 1) * width * 3);
      sheet.data.set(row, ((top + y) * sheet.width + left) * 3);
    }
  });
  return sheet;
}
