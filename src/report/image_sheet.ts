/**
 * Draws labelled rows and columns of images as SVG. Labels stay text, and any SVG viewer can show
 * the sheet.
 * @module
 */
import type { SmallImage } from "./strip.ts";
import { escapeXml, type Panel, px, svgHeading, svgText } from "./svg.ts";

/** A row of a sheet. A cell contains an image, a strip of images or nothing. */
export interface SheetRow {
  name: string;
  cells: readonly (SmallImage | undefined)[];
}

/** Title and column labels of a sheet. */
export interface SheetOptions {
  title: string;
  columns: readonly string[];
}

const GAP = 4, HEAD = 46, LETTER = 6.2;

/** Draws a sheet of images of one size. Each image of a strip takes a column. */
export function imageSheet(rows: readonly SheetRow[], { title, columns }: SheetOptions): Panel {
  const first = rows.flatMap((row) => row.cells).find((cell) => cell !== undefined);
  const { width: w, height: h } = first ?? { width: 64, height: 64 };
  const left = 12 + LETTER * Math.max(...rows.map((row) => row.name.length), 1);
  const at = (column: number) => px(left + column * (w + GAP));
  const head = columns.map((name, i) =>
    svgText(name, { x: at(i) + w / 2, y: HEAD - 6, anchor: "middle" })
  );
  const body = rows.map((row, r) => {
    const y = HEAD + r * (h + GAP);
    let column = 0;
    const images = row.cells.map((cell) => {
      const from = column;
      column += cell?.count ?? 1;
      if (cell === undefined) return "";
      return Array.from({ length: cell.count }, (_, i) =>
        // Each image is a window on its strip, with the spacing of the columns.
        `<svg x="${at(from + i)}" y="${y}" width="${w}" height="${h}" ` +
        `viewBox="${i * w} 0 ${w} ${h}"><use href="#${idOf(title, r, from)}"/></svg>`).join("");
    });
    return svgText(row.name, { x: left - 8, y: y + h / 2 + 4, anchor: "end" }) + images.join("");
  });
  const width = Math.ceil(at(Math.max(columns.length, 1)));
  return {
    width,
    height: HEAD + rows.length * (h + GAP),
    body: `<defs>${defined(rows, title)}</defs>${svgHeading(title)}${head.join("")}${
      body.join("\n")
    }`,
  };
}

/** Definitions of the strips, each once for all of its windows. */
function defined(rows: readonly SheetRow[], title: string): string {
  return rows.map((row, r) => {
    let column = 0;
    return row.cells.map((cell) => {
      const id = idOf(title, r, column);
      column += cell?.count ?? 1;
      if (cell === undefined) return "";
      return `<image id="${id}" width="${cell.width * cell.count}" height="${cell.height}" ` +
        `href="${escapeXml(cell.uri)}"/>`;
    }).join("\n");
  }).join("\n");
}

function idOf(title: string, row: number, column: number): string {
  return `${title.replace(/[^a-z]/gi, "")}-${row}-${column}`;
}
