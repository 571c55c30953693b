/**
 * Measures the device pool's own time and lanes of the CPU, and computes the speed of sampling on
 * simulated GPUs from measured rounds and own times. `--quick` measures eight devices with fewer
 * chains, `--json FILE` writes all figures to a file, and `--docs` writes the tables of the docs.
 * @module
 */
import { fillRegions } from "../dev/docs/regions.ts";
import { argument } from "./child.ts";
import { benchAtOnce } from "./devices/at_once.ts";
import { measureChains } from "./devices/chains.ts";
import { benchLanes } from "./devices/lanes.ts";
import { benchOverhead } from "./devices/overhead.ts";
import { measureOwnTime } from "./devices/own_time.ts";
import { fastest, type GridCell, speedGrid } from "./devices/speed_grid.ts";
import { figuresTable, percent, roundsTable, speedTable, windowName } from "./devices/tables.ts";
import { type BenchRow, printTable } from "./table.ts";

const PAGES = ["docs/performance.md", "docs/simulated-gpus.md"];
/** Lowest speed of eight A100s in the best window, by preset and T. */
const SPEED_BARS = { fast: { 50: 2.8, 100: 3.6 }, visual: { 50: 3.1, 100: 4 } };
/** Highest share of the own time. */
const OWN_SHARE_BAR = 0.12;

const quick = Deno.args.includes("--quick"), writesDocs = Deno.args.includes("--docs");
if (quick && writesDocs) throw new RangeError("--docs writes whole tables: leave out --quick");

// Lanes and chains first: they use real Workers, and the process has one setting for all.
const bars = await benchLanes();
const count = quick ? 3 : 10;
const chains = await measureChains(count, "fast");
const visualChains = await measureChains(count, "visual");
bars.push(...await benchOverhead());
if (!quick) bars.push(...await benchAtOnce());
const own = await measureOwnTime(quick ? [8] : [1, 2, 4, 8, 16]);
const grid = speedGrid(chains, own);
bars.push(...eightDevices("fast", grid), ...eightDevices("visual", speedGrid(visualChains, own)));

const speeds = new Map([
  ["simulated-t50", speedTable(grid, 50)],
  ["simulated-t100", speedTable(grid, 100)],
  ["simulated-rounds", roundsTable(grid, 8)],
]);
printTable(bars);
console.log("\nSIMULATED GPUs: speed relative to sequential sampling on one device");
for (const [name, table] of speeds) console.log(`\n${name}\n${table}`);
const file = argument("--json");
if (file !== undefined) {
  const figures = { bars, chains, visualChains, own, grid };
  await Deno.writeTextFile(file, JSON.stringify(figures, null, 2) + "\n");
}
if (writesDocs) {
  const texts = new Map([...speeds, ["devices", figuresTable(bars)]]);
  for (const page of PAGES) {
    await Deno.writeTextFile(page, fillRegions(await Deno.readTextFile(page), texts));
  }
}
Deno.exit(0);

/** Returns the figures of eight simulated A100s that have a bar. */
function eightDevices(preset: "fast" | "visual", grid: readonly GridCell[]): BenchRow[] {
  const eight = grid.filter(({ gpu, devices }) => gpu === "A100" && devices === 8);
  return Object.entries(SPEED_BARS[preset]).flatMap(([T, bar]) => {
    const cells = eight.filter(({ steps }) => steps === Number(T));
    const best = fastest(cells), small = cells.find(({ window }) => window === 8)!;
    const group = `8 SIMULATED A100s, rounds of the shipped models with preset ${preset}`;
    return [
      {
        ...{ group, name: `speed at T ${T}, best window`, value: best.speed },
        ...{ unit: "of sequential", note: `window ${windowName(best)}; bar ${bar}` },
      },
      {
        ...{ group, name: `own time at T ${T}, window 8`, value: 100 * small.ownShare, unit: "%" },
        note: `of it the pool ${percent(small.poolShare)}; bar ${percent(OWN_SHARE_BAR)}`,
      },
    ];
  });
}
