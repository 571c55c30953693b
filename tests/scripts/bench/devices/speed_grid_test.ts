import assert from "node:assert/strict";
import { A100, callTime } from "../../../../scripts/bench/devices/gpus.ts";
import { speedGrid, splitGuidanceSpeed } from "../../../../scripts/bench/devices/speed_grid.ts";
import { speedTable } from "../../../../scripts/bench/devices/tables.ts";

const own = (window: number, devices: number) => ({
  ...{ steps: 4, window, devices, perStep: 0.5, poolPerStep: 0.1 },
});

Deno.test("speedGrid() adds the slowest device's latency and the own time of every step", () => {
  // 3 steps are 6 rows, of which the first of 4 devices gets 2; 1 step is 2 rows on 2 devices.
  const chains = [{ steps: 4, window: 3, evaluations: [[3, 1], [3, 3]] }];
  const cell = speedGrid(chains, [own(3, 4)]).find(({ gpu }) => gpu === "A100")!;
  const one = callTime(A100, 1), two = callTime(A100, 2);
  const milliseconds = (two + one + 2 * two) / 2 + 5 * 0.5;
  assert.ok(Math.abs(cell.milliseconds - milliseconds) < 1e-9, `${cell.milliseconds}`);
  assert.equal(cell.rounds, 2);
  assert.equal(cell.evaluations, 5);
  assert.ok(Math.abs(cell.ownShare - 2.5 / milliseconds) < 1e-9);
  assert.ok(Math.abs(cell.poolShare - 0.5 / milliseconds) < 1e-9);
  assert.ok(Math.abs(cell.speed - 4 * two / milliseconds) < 1e-9);
});

Deno.test("splitGuidanceSpeed() compares two rows on one device with one row on each of two", () => {
  assert.equal(splitGuidanceSpeed("A100"), callTime(A100, 2) / callTime(A100, 1));
});

Deno.test("speedTable() marks the best window of each network and number of devices", () => {
  const chains = [
    { steps: 4, window: 2, evaluations: [[2, 2]] },
    { steps: 4, window: 4, evaluations: [[4, 4, 4]] },
  ];
  const times = [1, 2].flatMap((devices) => [own(2, devices), own(4, devices)]);
  const rows = speedTable(speedGrid(chains, times), 4).split("\n")
    .filter((line) => line.startsWith("| A100"));
  assert.equal(rows[0], "| A100 | CFG split |  | 1.46 |");
  assert.match(rows[1], /^\| A100 \| 2 \| \*\*[\d.]+\*\* \| \*\*[\d.]+\*\* \|$/);
  assert.match(rows[2], /^\| A100 \| T \| [\d.]+ \| [\d.]+ \|$/);
  assert.equal(rows.length, 3);
});
