/**
 * Measures the device pool's own time, lanes of the CPU, and sampling over simulated GPUs.
 * `--quick` measures the bars only, `--json FILE` writes the figures to a file.
 * @module
 */
import { benchLanes } from "./devices/lanes.ts";
import { benchOverhead } from "./devices/overhead.ts";
import { scale, type ScalingCase, type ScalingResult } from "./devices/scaling.ts";
import { printTable } from "./table.ts";

const quick = Deno.args.includes("--quick");
const bars = [...await benchLanesFirst()];
printTable(bars);
const scaling: ScalingResult[] = [];
console.log(
  "\nSIMULATED GPUs: 100 steps of Stable Diffusion v1.5's size at 512x512, guided; " +
    "real solver, pool and Workers",
);
console.log(
  "gpu   method   window  devices  at once  rounds  s/sample  x sequential  efficiency  " +
    "  overhead  of it pool",
);
for (const wanted of cases()) {
  const result = await scale(wanted);
  scaling.push(result);
  console.log(line(result));
}
const at = Deno.args.indexOf("--json");
if (at >= 0) {
  await Deno.writeTextFile(Deno.args[at + 1], JSON.stringify({ bars, scaling }, null, 2) + "\n");
}
Deno.exit(0);

/** Measures lanes first: they use real Workers, and the process has one setting for all. */
async function benchLanesFirst() {
  return [...await benchLanes(), ...await benchOverhead()];
}

function cases(): ScalingCase[] {
  const eight: ScalingCase = { gpu: "A100", method: "tqn", window: 100, devices: 8 };
  if (quick) return [eight];
  const counts = [1, 2, 4, 8, 16];
  return [
    ...counts.map((devices) => ({ ...eight, devices })),
    ...counts.slice(2).map((devices) => ({ ...eight, devices, window: 32 })),
    ...counts.slice(2).map((devices) => ({ ...eight, devices, method: "parataa" as const })),
    ...[1, 2, 4].map((atOnce) => ({ ...eight, devices: 16, window: 16, atOnce })),
    { ...eight, gpu: "H100" },
  ];
}

/**
 * Formats a result. Efficiency is the share of all devices' time that one device would need;
 * overhead is the share that the latency model does not explain.
 */
function line(result: ScalingResult): string {
  const one = scaling.find(({ gpu, method, window, devices }) =>
    devices === 1 && gpu === result.gpu && method === result.method && window === result.window
  );
  const efficiency = one
    ? `${(100 * one.seconds / result.devices / result.seconds).toFixed(0)} %`
    : "";
  return [
    result.gpu.padEnd(4),
    result.method.padEnd(7),
    String(result.window).padStart(7),
    String(result.devices).padStart(7),
    String(result.atOnce ?? 1).padStart(7),
    result.rounds.toFixed(1).padStart(7),
    result.seconds.toFixed(2).padStart(8),
    (result.sequential / result.seconds).toFixed(2).padStart(12),
    efficiency.padStart(10),
    percent(1 - result.limit / result.seconds),
    // With several samples at once, waiting in the pool is not overhead.
    (result.atOnce ?? 1) > 1 ? "" : percent((result.pool - result.limit) / result.seconds),
  ].join("  ").trimEnd();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`.padStart(10);
}
