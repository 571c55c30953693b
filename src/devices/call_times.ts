/**
 * The time per row of a device, from its last calls.
 * @module
 */

/** Calls of which the times are kept. */
const KEPT_CALLS = 32;
/** The time is the median of the last 7 calls that count. */
const MEASURED_CALLS = 7;

/**
 * Times of the last calls. A call takes some time beside its rows, so that one of few rows says
 * little about the others: only calls of more than half of the most rows count. Else devices of
 * equal speed would seem to differ after the last rounds of a sample, when one has a row and another
 * two.
 */
export class CallTimes {
  readonly #calls: { rows: number; milliseconds: number }[] = [];

  /** Adds a call. */
  add(rows: number, milliseconds: number): void {
    this.#calls.push({ rows, milliseconds });
    if (this.#calls.length > KEPT_CALLS) this.#calls.shift();
  }

  /** Number of calls that count. */
  get count(): number {
    return this.#measured().length;
  }

  /** Median milliseconds per row; `undefined` before the first call. */
  get perRow(): number | undefined {
    const times = this.#measured().sort((a, b) => a - b);
    return times[times.length >> 1];
  }

  /** Milliseconds per row of the calls that count. */
  #measured(): number[] {
    const most = this.#calls.reduce((most, { rows }) => Math.max(most, rows), 0);
    return this.#calls.filter(({ rows }) => rows > most / 2).slice(-MEASURED_CALLS)
      .map(({ rows, milliseconds }) => milliseconds / rows);
  }
}
