/** Draws images on one sheet, row by row, with captions. @module */
import { drawable, drawText, LETTER_WIDTH, LINE_HEIGHT, wrapText } from "./draw_text.ts";
import type { Image } from "./image.ts";

/** Options of {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Images per row. */
  columns: number;
  /** Pixels between images and around them. */
  gap?: number;
  /** Title above all images. */
  title?: string;
  /**
   * Captions below the images, in their order: at most three lines of ASCII. Images narrower than
   * four letters have none.
   */
  captions?: readonly string[];
}

/** Light grey. */
const PAPER = 224;
/** Maximum number of lines of a title or caption. */
const MAX_LINES = 3;
/** Minimum width of a caption in letters. */
const MIN_LETTERS = 4;

/** Draws images of one size on a light grey sheet, row by row. */
export function contactSheet(
  images: readonly Image[],
  { columns, gap = 2, title = "", captions = [] }: ContactSheetOptions,
): Image {
  if (images.length === 0) throw new RangeError("contactSheet() needs at least one image");
  const { width, height } = images[0];
  const rows = Math.ceil(images.length / columns);
  const across = Math.min(columns, images.length);
  const sheetWidth = across * (width + gap) + gap;
  const heading = textLines(title, sheetWidth - 2 * gap);
  const below = captions.map((caption) => textLines(caption, width));
  const head = heightOf([heading], gap), foot = heightOf(below, gap);
  const sheet = paper(sheetWidth, head + rows * (height + foot + gap) + gap);
  drawLines(sheet, heading, { x: gap, y: gap });
  images.forEach((image, i) => {
    if (image.width !== width || image.height !== height) {
      throw new RangeError(
        `image ${i} is ${image.width}x${image.height}, the first ${width}x${height}`,
      );
    }
    const x = gap + (i % columns) * (width + gap);
    const y = head + gap + Math.floor(i / columns) * (height + foot + gap);
    place(sheet, image, { x, y });
    drawLines(sheet, below[i] ?? [], { x, y: y + height + gap });
  });
  return sheet;
}

function textLines(text: string, width: number): string[] {
  const columns = Math.floor((width + 1) / LETTER_WIDTH);
  return columns < MIN_LETTERS ? [] : wrapText(drawable(text), { columns, lines: MAX_LINES });
}

/** Height of the tallest of several texts, including the gap. */
function heightOf(texts: readonly string[][], gap: number): number {
  const most = texts.reduce((most, lines) => Math.max(most, lines.length), 0);
  return most === 0 ? 0 : most * LINE_HEIGHT + gap;
}

function paper(width: number, height: number): Image {
  return { width, height, data: new Uint8Array(width * height * 3).fill(PAPER) };
}

function place(sheet: Image, { width, height, data }: Image, at: { x: number; y: number }): void {
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width * 3, (y + 1) * width * 3);
    sheet.data.set(row, ((at.y + y) * sheet.width + at.x) * 3);
  }
}

function drawLines(
  sheet: Image,
  lines: readonly string[],
  { x, y }: { x: number; y: number },
): void {
  lines.forEach((line, i) => drawText(sheet, line, { x, y: y + i * LINE_HEIGHT }));
}
