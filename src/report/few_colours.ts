/** Images in 256 colours of their own, by median cut (Heckbert 1982), so that a report stays small. @module */
import type { IndexedImage } from "../images/indexed_png.ts";
import type { Image } from "../images/image.ts";

const MOST_COLOURS = 256;
/** Colours are counted in cells of 8 levels a channel. */
const BITS = 5, SHIFT = 8 - BITS, CELLS = 2 ** (3 * BITS);

/** Pixels of one cell: its place in the cube, how many there are, and their sums. */
interface Cell {
  key: number;
  place: readonly [number, number, number];
  count: number;
  sum: [number, number, number];
}

/** The image with at most 256 colours, each the mean of the pixels that it stands for. */
export function fewColours({ width, height, data }: Image): IndexedImage {
  const keys = new Uint16Array(width * height);
  for (let i = 0; i < keys.length; i++) {
    const [r, g, b] = [data[3 * i], data[3 * i + 1], data[3 * i + 2]];
    keys[i] = ((r >> SHIFT) << (2 * BITS)) | ((g >> SHIFT) << BITS) | (b >> SHIFT);
  }
  const boxes = cut(histogram(keys, data));
  const palette = new Uint8Array(3 * boxes.length);
  const colourOf = new Uint8Array(CELLS);
  boxes.forEach((box, colour) => {
    const count = box.reduce((sum, cell) => sum + cell.count, 0);
    for (let c = 0; c < 3; c++) {
      palette[3 * colour + c] = Math.round(box.reduce((sum, cell) => sum + cell.sum[c], 0) / count);
    }
    for (const cell of box) colourOf[cell.key] = colour;
  });
  return { width, height, palette, indexes: Uint8Array.from(keys, (key) => colourOf[key]) };
}

function histogram(keys: Uint16Array, data: Uint8Array): Cell[] {
  const cells = new Map<number, Cell>();
  const level = 2 ** BITS;
  keys.forEach((key, i) => {
    let cell = cells.get(key);
    if (!cell) {
      const place = [key >> (2 * BITS), (key >> BITS) % level, key % level] as const;
      cells.set(key, cell = { key, place, count: 0, sum: [0, 0, 0] });
    }
    cell.count++;
    for (let c = 0; c < 3; c++) cell.sum[c] += data[3 * i + c];
  });
  return [...cells.values()];
}

/** Halves the box of the most pixels times extent, by pixels, across its longest side, until there are enough. */
function cut(cells: Cell[]): Cell[][] {
  const boxes = [measure(cells)];
  while (boxes.length < MOST_COLOURS) {
    const largest = boxes.reduce((best, box) => box.weight > best.weight ? box : best);
    if (largest.weight === 0) break; // every box is one cell
    const { cells, channel, count } = largest;
    const sorted = cells.toSorted((a, b) => a.place[channel] - b.place[channel]);
    let below = 0, at = 0;
    while (at < sorted.length - 1 && (at === 0 || below < count / 2)) below += sorted[at++].count;
    boxes[boxes.indexOf(largest)] = measure(sorted.slice(0, at));
    boxes.push(measure(sorted.slice(at)));
  }
  return boxes.map((box) => box.cells);
}

function measure(cells: Cell[]) {
  const extents = [0, 1, 2].map((c) => {
    const values = cells.map((cell) => cell.place[c]);
    return Math.max(...values) - Math.min(...values);
  });
  const extent = Math.max(...extents);
  const count = cells.reduce((sum, cell) => sum + cell.count, 0);
  return { cells, count, channel: extents.indexOf(extent), weight: extent * count };
}
