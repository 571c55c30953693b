/**
 * Measures the own time of parallel sampling on simulated devices: what a round takes beyond the
 * latency of its slowest device.
 * @module
 */
import { median } from "../table.ts";
import { SETTINGS } from "./chains.ts";
import { A100, roundTime } from "./gpus.ts";
import { simulatedPool } from "./latency.ts";
import { type SimulatedRound, simulatedRows, solveSimulated } from "./simulated_chain.ts";

const PASSES = 3;

/**
 * Own time per evaluated step, in milliseconds. Within a chain the own time of a round follows its
 * evaluations: on 8 devices in a window of 100, rounds of 100, 29 and 4 steps took about 11, 4 and
 * 1 ms. The solver takes over the memory of the chain before, as for every image but the first,
 * whose first rounds took two to five times as long.
 */
export interface OwnTime {
  steps: number;
  window: number;
  devices: number;
  /** Solver, copies and pool. */
  perStep: number;
  /** The pool alone. */
  poolPerStep: number;
}

/** Measures every setting on every number of simulated A100s. */
export async function measureOwnTime(counts: readonly number[]): Promise<OwnTime[]> {
  const measured: OwnTime[] = [];
  for (const devices of counts) {
    await using pool = await simulatedPool(devices, { ...A100, computes: true });
    const widest = SETTINGS.at(-1)!, rows = simulatedRows(pool, widest.window), seed = 0;
    await solveSimulated(pool, { ...widest, rows, seed }); // warms up
    const passes: SimulatedRound[][][] = [];
    for (let pass = 0; pass < PASSES; pass++) {
      passes.push([]);
      for (const setting of SETTINGS) {
        passes[pass].push(await solveSimulated(pool, { ...setting, rows, seed }));
      }
    }
    measured.push(...SETTINGS.map((setting, i) => ({
      ...{ ...setting, devices },
      ...timePerStep(passes.map((chains) => chains[i]), devices),
    })));
  }
  return measured;
}

/** Returns the own time of a chain that was solved several times: the median of each round. */
function timePerStep(
  chains: readonly SimulatedRound[][],
  devices: number,
): Pick<OwnTime, "perStep" | "poolPerStep"> {
  let evaluated = 0, own = 0, inPool = 0;
  for (const [i, { evaluations }] of chains[0].entries()) {
    const latency = roundTime(A100, evaluations, devices);
    evaluated += evaluations;
    own += median(chains.map((rounds) => rounds[i].total)) - latency;
    inPool += median(chains.map((rounds) => rounds[i].pool)) - latency;
  }
  return { perStep: own / evaluated, poolPerStep: inPool / evaluated };
}
