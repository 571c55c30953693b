/** Colours of series: a name has the same one in every plot of a report, in light and in dark. @module */

/** Okabe and Ito's colours, told apart by colour-blind people too. */
export const LIGHT: readonly string[] = [
  ...["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#808080"],
];
/** The same hues, light enough for dark paper. */
export const DARK: readonly string[] = [
  ...["#4f9bea", "#ff8a50", "#2ec999", "#e8a0cb", "#f5c451", "#9adcff", "#b4bac4"],
];
/** Series that come after all colours are used have them again, dashed. */
const DASHES = ["", "5 3", "1.5 2.5", "8 3 2 3"];

/** Series that one panel can tell apart. */
export const MOST_SERIES: number = LIGHT.length;

/** Number of a series, which decides its colour. */
export type SeriesNumber = (name: string) => number;

/** Numbers names by their first appearance; panels that share it give a name the same colour. */
export function numberSeries(): SeriesNumber {
  const known = new Map<string, number>();
  return (name) => {
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  };
}

/** Attributes of a line: a class, so that a page can put its own colours in their place. */
export function strokeOf(number: number): string {
  const dash = DASHES[Math.floor(number / MOST_SERIES) % DASHES.length];
  return `class="s${number % MOST_SERIES}"${dash ? ` stroke-dasharray="${dash}"` : ""}`;
}

/** Attribute of a dot or a bar. */
export function fillOf(number: number): string {
  return `class="f${number % MOST_SERIES}"`;
}

/** Rules of all series for a style sheet. */
export function seriesStyle(colours: readonly string[]): string {
  return colours.map((colour, i) => `.s${i}{stroke:${colour}}.f${i}{fill:${colour}}`).join("");
}
