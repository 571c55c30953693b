/**
 * Runs all benchmarks and prints a table; `--json FILE` writes the figures to a file. Ratios are
 * measured side by side in one run.
 * @module
 */
import { argument } from "./child.ts";
import { benchFfi } from "./ffi.ts";
import { benchGuidance } from "./guidance.ts";
import { benchLog } from "./log.ts";
import { benchMemory } from "./memory.ts";
import { benchRound } from "./round.ts";
import { benchShare } from "./share.ts";
import { type BenchRow, printTable } from "./table.ts";

const rows: BenchRow[] = [];
for (const bench of [benchFfi, benchRound, benchGuidance, benchLog, benchMemory, benchShare]) {
  rows.push(...await bench());
}
printTable(rows);
const file = argument("--json");
if (file !== undefined) await Deno.writeTextFile(file, JSON.stringify(rows, null, 2) + "\n");
