/** The common form of measured figures, and their table. @module */

/** One measured figure. */
export interface BenchRow {
  /** Group of the row. Rows of a group are compared with each other. */
  group: string;
  /** What was measured. */
  name: string;
  /** The figure: a median unless `note` says otherwise. */
  value: number;
  /** Unit of `value`, e.g. "µs". */
  unit: string;
  /** Remark that is needed to read the figure. */
  note?: string;
}

/**
 * Prints rows as a table, with a blank line between groups.
 *
 * @param rows rows in the order of printing
 * @param print receives each line; stdout by default
 */
export function printTable(
  rows: readonly BenchRow[],
  print: (line: string) => void = console.log,
): void {
  const cells = rows.map((row) => [row.name, formatValue(row.value), row.unit, row.note ?? ""]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((cell) => cell[column].length)));
  rows.forEach((row, i) => {
    if (i === 0 || row.group !== rows[i - 1].group) print(`${i === 0 ? "" : "\n"}${row.group}`);
    const [name, value, unit, note] = cells[i];
    print(
      `  ${name.padEnd(widths[0])}  ${value.padStart(widths[1])} ${unit.padEnd(widths[2])}  ${note}`
        .trimEnd(),
    );
  });
}

/** Formats a number with four significant digits. */
export function formatValue(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

/** Returns the median; of an even number of values, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle - 1)] + sorted[Math.floor(middle)]) / 2;
}
