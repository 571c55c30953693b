import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type Measurement,
  ResultsFile,
  toCsv,
} from "../../../../scripts/bench/samplers/results_file.ts";
import { FormatError } from "../../../../src/errors.ts";
import { withTempFolder } from "../../../support/temp_folder.ts";

const measurement: Measurement = {
  ...{ key: "k", model: "dit", steps: 50, eta: 0, guidance: 4, window: 15, seed: 3 },
  ...{ method: "tqn", rounds: 12, evaluations: 200, roundsTo1e2: 9, error: 1e-4 },
  ...{ errors: [1, 1e-4], trusted: true, psnr: 70.25, seconds: 1.5 },
};

Deno.test("ResultsFile keeps all measurements over several openings", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "results.jsonl");
    const first = await ResultsFile.open(path);
    assert.equal(first.get("k"), undefined);
    await first.add(measurement);
    await first.add({ ...measurement, key: "l" });
    const second = await ResultsFile.open(path);
    assert.deepEqual(second.get("k"), measurement);
    assert.equal(second.get("l")?.key, "l");
  }));

Deno.test("ResultsFile cuts off the unfinished line of a killed process", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "results.jsonl");
    const line = JSON.stringify(measurement);
    await Deno.writeTextFile(path, `${line}\n${line.replace('"k"', '"l"').slice(0, -9)}`);
    const results = await ResultsFile.open(path);
    assert.equal(results.get("l"), undefined);
    await results.add({ ...measurement, key: "m" });
    const again = await ResultsFile.open(path);
    assert.deepEqual([again.get("k")?.key, again.get("m")?.key], ["k", "m"]);
  }));

Deno.test("ResultsFile names a line that is not a measurement", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "results.jsonl");
    for (const bad of ["{", "null", "{}", ""]) {
      await Deno.writeTextFile(path, `${JSON.stringify(measurement)}\n${bad}\n`);
      const refused = { name: FormatError.name, message: /line 2 is not/ };
      await assert.rejects(ResultsFile.open(path), refused);
    }
  }));

Deno.test("toCsv() leaves absent figures empty and writes inf for equal images", () => {
  const { psnr: _, ...equal } = measurement;
  const [header, first, second, end] = toCsv([measurement, equal]).split("\n");
  assert.equal(header.split(",").length, first.split(",").length);
  assert.equal(first, "dit,50,0,4,15,tqn,3,12,200,9,,0.0001,true,70.25,1.5");
  assert.equal(second, "dit,50,0,4,15,tqn,3,12,200,9,,0.0001,true,inf,1.5");
  assert.equal(end, "");
});
