/** SVG helpers of charts and sheets. @module */

import { LIGHT, seriesStyle } from "./series.ts";

/** A part of a figure, drawn from (0, 0). */
export interface Panel {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** SVG elements. */
  body: string;
}

/** Default colours by class; a page can override them. */
const STYLE = ".paper{fill:#fff}.ink{fill:#111}.grid{stroke:#ddd}.dot{fill:#111;fill-opacity:.4}" +
  seriesStyle(LIGHT);

/** Rounds to a tenth of a pixel. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Escapes text for XML. */
export function escapeXml(text: string): string {
  // deno-lint-ignore no-control-regex -- characters that XML forbids
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, "\ufffd").replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A line of text. */
export function svgText(
  content: string,
  { x, y, anchor = "start" }: { x: number; y: number; anchor?: "start" | "middle" | "end" },
): string {
  return `<text class="ink" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${
    escapeXml(content)
  }</text>`;
}

/** Title of a panel; uses the top 30 pixels. */
export function svgHeading(title: string): string {
  return `<g font-size="13" font-weight="bold">${svgText(title, { x: 0, y: 18 })}</g>`;
}

/** A panel as an SVG element for a page that defines the colours. */
export function svgElement({ width, height, body }: Panel, label: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeXml(label)}" ` +
    `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="sans-serif" font-size="11">${body}</svg>`;
}

/** An SVG file with panels side by side, `perRow` in a row. */
export function figure(panels: readonly Panel[], perRow: number): string {
  let top = 0, body = "", width = 0;
  for (let i = 0; i < panels.length; i += perRow) {
    const row = panels.slice(i, i + perRow);
    let left = 0;
    for (const panel of row) {
      body += `<g transform="translate(${left} ${top})">${panel.body}</g>\n`;
      left += panel.width;
    }
    width = Math.max(width, left);
    top += Math.max(...row.map((panel) => panel.height)) + 12;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" ` +
    `viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="11">\n` +
    `<style>${STYLE}</style>\n<rect class="paper" width="100%" height="100%"/>\n${body}</svg>\n`;
}
