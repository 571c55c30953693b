/**
 * The number of rows for each device.
 * @module
 */

/** Speed and load of a device. */
export interface DeviceLoad {
  /** Rows per millisecond; `undefined` until it has been measured. */
  readonly speed: number | undefined;
  /** Rows in its queue and its running call. */
  readonly waiting: number;
}

/**
 * Lower limit of a speed, relative to the fastest device: a device without rows would never be
 * measured again.
 */
const MIN_RELATIVE_SPEED = 1 / 4;

/** Speeds within this ratio count as equal: measurements scatter, and equal shares repeat sizes. */
const EQUAL_SPEED_RATIO = 1.2;

/**
 * Shares with which all devices finish at the same time. Equally fast idle devices get equal
 * shares, as in the official split, the first ones one row more if necessary. A busy device gets
 * fewer rows, or none.
 */
export function shareRows(count: number, devices: readonly DeviceLoad[]): number[] {
  const speeds = comparableSpeeds(devices);
  const backlogs = devices.map(({ waiting }, i) => waiting / speeds[i]);
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

/** Removes differences that are only rounding. */
function round(fraction: number): number {
  return Math.round(fraction * 1e6);
}

/** Measured speeds; their mean if all are about equal, and 1 each if some are unknown. */
function comparableSpeeds(devices: readonly DeviceLoad[]): number[] {
  const speeds = devices.map(({ speed }) => speed ?? NaN);
  const mean = speeds.reduce((a, b) => a + b, 0) / speeds.length;
  if (Number.isNaN(mean)) return devices.map(() => 1);
  const fastest = Math.max(...speeds);
  if (fastest / Math.min(...speeds) < EQUAL_SPEED_RATIO) return devices.map(() => mean);
  return speeds.map((speed) => Math.max(speed, MIN_RELATIVE_SPEED * fastest));
}

/** Time at which `count` rows are done if each device starts after its backlog. */
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
