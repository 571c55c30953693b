/**
 * How many rows each device gets.
 * @module
 */

/** A device that rows can be given to. */
export interface RowTaker {
  /** Rows a millisecond; `undefined` until it was measured. */
  readonly speed: number | undefined;
  /** Rows that wait for it already. */
  readonly waiting: number;
}

/**
 * No device is believed to be slower than the fastest by more: one without rows would never be
 * measured again.
 */
const SLOWEST = 1 / 4;

/**
 * Speeds this close are taken for equal: what is measured scatters, and equal shares give equal
 * calls.
 */
const SAME_SPEED = 1.2;

/**
 * Shares that let all devices finish at the same time: even ones where all are equally fast and
 * idle, as in the official split, the first ones a row larger where they do not divide; a busy
 * device gets less, perhaps nothing.
 */
export function shareRows(count: number, takers: readonly RowTaker[]): number[] {
  const speeds = comparableSpeeds(takers);
  const backlogs = takers.map(({ waiting }, i) => waiting / speeds[i]);
  const end = commonEnd(count, backlogs, speeds);
  const exact = speeds.map((speed, i) => Math.max(0, (end - backlogs[i]) * speed));
  const shares = exact.map((share) => Math.floor(share + 1e-9));
  const left = count - shares.reduce((a, b) => a + b, 0);
  const byFraction = [...exact.keys()].sort((a, b) =>
    round(exact[b] - shares[b]) - round(exact[a] - shares[a]) || a - b
  );
  for (let i = 0; i < left; i++) shares[byFraction[i % byFraction.length]]++;
  return shares;
}

/** Fractions that differ by rounding alone must not decide. */
function round(fraction: number): number {
  return Math.round(fraction * 1e6);
}

/** Measured speeds, or 1 each where some are unknown or all are the same. */
function comparableSpeeds(takers: readonly RowTaker[]): number[] {
  const speeds = takers.map(({ speed }) => speed ?? NaN);
  const mean = speeds.reduce((a, b) => a + b, 0) / speeds.length;
  if (Number.isNaN(mean)) return takers.map(() => 1);
  const fastest = Math.max(...speeds);
  if (fastest / Math.min(...speeds) < SAME_SPEED) return takers.map(() => mean);
  return speeds.map((speed) => Math.max(speed, SLOWEST * fastest));
}

/** When `count` rows are done if each device works from the end of its backlog on. */
function commonEnd(count: number, backlogs: readonly number[], speeds: readonly number[]): number {
  const order = [...backlogs.keys()].sort((a, b) => backlogs[a] - backlogs[b]);
  let speed = 0, offset = 0, end = Infinity;
  for (const i of order) {
    if (backlogs[i] >= end) break;
    speed += speeds[i];
    offset += speeds[i] * backlogs[i];
    end = (count + offset) / speed;
  }
  return end;
}
