import assert from "node:assert/strict";
import { join } from "node:path";
import {
  addSolver,
  type Cell,
  cellKey,
  type Grid,
  methodOptions,
  METHODS,
  problems,
} from "../../../../scripts/bench/samplers/cells.ts";
import { presetDefaults } from "../../../../src/sampling/presets.ts";
import { SOLVER_REVISION } from "../../../../src/sampling/revision.ts";
import { resolveTqnOptions } from "../../../../src/sampling/tqn/tqn_options.ts";
import { ROOT } from "../../../support/run_script.ts";
import { withTempFolder } from "../../../support/temp_folder.ts";

const cell: Cell = {
  ...{ model: "dit", steps: 50, eta: 0, guidance: 4, window: 15, seed: 3, method: "parataa-3" },
};
const grid: Grid = {
  ...{ models: ["dit", "sd"], steps: [25, 50], etas: [0, 1], guidances: [4], seeds: [0, 1] },
  ...{ windows: [8, 25, 50, 0], methods: ["sequential", ...Object.keys(METHODS)] },
};

Deno.test("cellKey() differs for everything that changes a measurement", () => {
  const others: Cell[] = [
    { ...cell, model: "sd" },
    { ...cell, steps: 100 },
    { ...cell, eta: 1 },
    { ...cell, guidance: 2 },
    { ...cell, window: 8 },
    { ...cell, seed: 4 },
    { ...cell, method: "parataa-3-official" },
  ];
  const keys = [cell, ...others].map((each) => cellKey(each, "a"));
  assert.equal(new Set([...keys, cellKey(cell, "b")]).size, others.length + 2);
  assert.equal(cellKey({ ...cell }, "a"), keys[0]);
});

Deno.test("cellKey() contains the solver's revision and the method's options by value", () => {
  assert.equal(JSON.parse(cellKey(cell, "a"))[0], SOLVER_REVISION);
  assert.match(cellKey(cell, "a"), /"memorySize",3.*"order",50/);
  assert.match(cellKey({ ...cell, model: "sd" }, "a"), /"order",20/);
  assert.match(
    cellKey({ ...cell, method: "tqn-no-pairs" }, "a"),
    /"tqn",\[\[.*\["pairs",0\],.*\["symmetric",true\]\]/,
  );
});

Deno.test("tqn-plain, tqn and tqn-visual are the presets reference, fast and visual", () => {
  const window = { fullWindow: false, warm: false };
  const conditions = { ...window, method: "tqn", flow: false };
  const presets = [["tqn-plain", "reference"], ["tqn", "fast"], ["tqn-visual", "visual"]] as const;
  for (const [method, preset] of presets) {
    const { atol, rtol, tqn } = methodOptions({ ...cell, method })!;
    const wanted = presetDefaults(preset, conditions);
    assert.equal(atol, wanted.atol);
    assert.ok(Math.abs(rtol! / wanted.rtol - 1) < 1e-12); // 10 times atol is rounded
    assert.deepEqual(resolveTqnOptions(tqn!, window), resolveTqnOptions(wanted.tqn, window));
  }
});

Deno.test("problems() yields every cell once, under its problem", () => {
  const all = [...problems(grid)];
  assert.equal(all.length, 2 * 2 * 2 * 2);
  const keys = all.flatMap(({ problem, cells }) =>
    cells.map((each) => {
      assert.deepEqual({ ...each, ...problem }, each);
      return cellKey(each, "a");
    })
  );
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("problems() replaces window 0 by T, and omits wider windows and repeated runs", () => {
  const { cells } = [...problems(grid)].find(({ problem }) => problem.steps === 25)!;
  assert.deepEqual([...new Set(cells.map(({ window }) => window))], [8, 25]);
  const whole = cells.filter(({ window }) => window === 25).map(({ method }) => method);
  assert.ok(whole.includes("sequential") && !whole.some((name) => name.endsWith("official")));
  const narrow = cells.filter(({ window }) => window === 8).map(({ method }) => method);
  assert.ok(!narrow.includes("sequential") && narrow.includes("parataa-5-official"));
});

Deno.test("methodOptions() passes the cell's window to every parallel method", () => {
  for (const method of Object.keys(METHODS)) {
    assert.equal(methodOptions({ ...cell, method })?.windowSize, 15, method);
  }
});

Deno.test("addSolver() adds the solver of a file, whose content is part of the key", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "solver.ts");
    await Deno.copyFile(join(ROOT, "examples/own_solver.ts"), file);
    await addSolver(file);
    const own = { ...cell, method: file };
    assert.equal(typeof methodOptions(own)!.method, "function");
    const key = cellKey(own, "a");
    await Deno.writeTextFile(file, "\n// changed\n", { append: true });
    await addSolver(file);
    assert.notEqual(cellKey(own, "a"), key);
    delete METHODS[file];
  }));
