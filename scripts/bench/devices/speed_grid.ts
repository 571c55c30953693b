/**
 * Computes the time of an image on simulated devices: the rounds of the shipped models at the
 * devices' latency, and the measured own time of every evaluated step.
 * @module
 */
import type { Chains } from "./chains.ts";
import { callTime, GPUS, roundTime, ROWS_PER_STEP } from "./gpus.ts";
import type { OwnTime } from "./own_time.ts";

/** Mean figures of the chains of both models. */
export interface GridCell {
  gpu: string;
  steps: number;
  window: number;
  devices: number;
  rounds: number;
  /** Evaluated steps. */
  evaluations: number;
  /** Milliseconds of an image. */
  milliseconds: number;
  /** Share of solver, copies and pool in that time. */
  ownShare: number;
  /** Share of the pool alone. */
  poolShare: number;
  /** Relative to sequential sampling on one device. */
  speed: number;
}

/** Returns the cells of every latency model at every measured own time. */
export function speedGrid(chains: readonly Chains[], own: readonly OwnTime[]): GridCell[] {
  return Object.keys(GPUS).flatMap((gpu) =>
    own.map((time) =>
      gridCell(gpu, {
        time,
        chains: chains.find(({ steps, window }) => steps === time.steps && window === time.window)!,
      })
    )
  );
}

function gridCell(gpu: string, { chains, time }: { chains: Chains; time: OwnTime }): GridCell {
  const { steps, window, devices } = time, latency = GPUS[gpu];
  const sums = (value: (evaluations: number) => number) =>
    mean(chains.evaluations.map((rounds) => rounds.reduce((sum, n) => sum + value(n), 0)));
  const evaluations = sums((n) => n);
  const own = time.perStep * evaluations;
  const milliseconds = sums((n) => roundTime(latency, n, devices)) + own;
  return {
    ...{ gpu, steps, window, devices, evaluations, milliseconds },
    rounds: sums(() => 1),
    ownShare: own / milliseconds,
    poolShare: time.poolPerStep * evaluations / milliseconds,
    speed: steps * callTime(latency, ROWS_PER_STEP) / milliseconds,
  };
}

/**
 * Returns the speed of sequential sampling whose two rows per step run on two devices, relative to
 * both rows on one device.
 */
export function splitGuidanceSpeed(gpu: string): number {
  return callTime(GPUS[gpu], ROWS_PER_STEP) / callTime(GPUS[gpu], 1);
}

/** Returns the fastest cell. */
export function fastest(cells: readonly GridCell[]): GridCell {
  return cells.reduce((best, cell) => cell.speed > best.speed ? cell : best);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
