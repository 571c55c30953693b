/**
 * Colours of series. A name has the same colour in every plot of a report; there are palettes for
 * light and dark.
 * @module
 */

/** The palette of Okabe and Ito, distinguishable by colour-blind people. */
export const LIGHT: readonly string[] = [
  ...["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#808080"],
];
/** The same hues, lighter, for a dark background. */
export const DARK: readonly string[] = [
  ...["#4f9bea", "#ff8a50", "#2ec999", "#e8a0cb", "#f5c451", "#9adcff", "#b4bac4"],
];
/** Dash patterns. Further series reuse the colours with the next pattern. */
const DASHES = ["", "5 3", "1.5 2.5", "8 3 2 3"];

/** Maximum number of distinguishable series in a panel. */
export const MAX_SERIES: number = LIGHT.length;

/** Number of a series, which determines its colour. */
export type SeriesNumber = (name: string) => number;

/**
 * Numbers names in order of first appearance. Panels that share the function give a name the same
 * colour.
 */
export function numberSeries(): SeriesNumber {
  const known = new Map<string, number>();
  return (name) => {
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  };
}

/** SVG attributes of a line. The colour is a class, so that a page can override it. */
export function strokeOf(number: number): string {
  const dash = DASHES[Math.floor(number / MAX_SERIES) % DASHES.length];
  return `class="s${number % MAX_SERIES}"${dash ? ` stroke-dasharray="${dash}"` : ""}`;
}

/** SVG attribute of a dot or a bar. */
export function fillOf(number: number): string {
  return `class="f${number % MAX_SERIES}"`;
}

/** CSS rules of all series. */
export function seriesStyle(colours: readonly string[]): string {
  return colours.map((colour, i) => `.s${i}{stroke:${colour}}.f${i}{fill:${colour}}`).join("");
}
