/**
 * L1: a thousand runs and a thousand that fail in one process: memory, descriptors, native objects.
 */
import assert from "node:assert/strict";
import { runChild } from "../support/run_child.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** After this run everything that is made once has been made. */
const WARM = 100;

/**
 * V8's nursery grows in jumps, to 48 MB, and the garbage in it holds native memory: a jump comes
 * whenever more than usual survives a collection, and would be taken for a leak, or hide one. At
 * its least size the nursery stays as it is.
 */
const V8_FLAGS = "--v8-flags=--expose-gc,--max-semi-space-size=1";

interface Measure {
  run: number;
  kilobytes: number;
  descriptors: number;
}

/** Least squares: kilobytes a run. */
function slope(points: readonly Measure[]): number {
  const mean = (of: (point: Measure) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((p) => p.run), mean((p) => p.kilobytes)];
  const products = mean((p) => (p.run - x) * (p.kilobytes - y));
  return products / mean((p) => (p.run - x) ** 2);
}

for (const kind of ["complete", "failed", "resumed"]) {
  Deno.test(`L1: 1000 ${kind} runs of 8 steps leak nothing`, () =>
    withTempFolder(async (folder) => {
      const { code, stdout, stderr } = await runChild(
        new URL("../support/many_runs_child.ts", import.meta.url),
        {
          flags: ["-A", V8_FLAGS],
          args: [folder, kind, "1000"],
          // Otherwise every thread that runs native calls has a heap of its own, and their number
          // is a matter of the machine's load.
          env: { MALLOC_ARENA_MAX: "1" },
        },
      );
      assert.equal(code, 0, stderr);
      const points = stdout.split("\n").map((line) => JSON.parse(line) as Measure);
      const warm = points.filter(({ run }) => run >= WARM);
      const perRun = slope(warm);
      const most = Math.max(...warm.map((p) => p.kilobytes)) - warm[0].kilobytes;
      const descriptors = new Set(warm.map((p) => p.descriptors));
      console.log(
        `L1: ${kind}: ${perRun.toFixed(2)} KB/run, at most ${
          (most / 1024).toFixed(1)
        } MB above run ` +
          `${WARM}, descriptors ${[...descriptors]}, RSS ${
            (warm.at(-1)!.kilobytes / 1024).toFixed(0)
          } MB`,
      );
      assert.ok(perRun <= 5, `${perRun} KB/run`);
      assert.ok(most <= 16 * 1024, `${most} KB`);
      assert.equal(descriptors.size, 1, [...descriptors].join());
    }));
}
