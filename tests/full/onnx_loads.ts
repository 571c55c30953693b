/**
 * ONNX Runtime on corrupt models: each loads or is refused, none ends the process. What does is
 * printed with its seed and its number.
 *
 *     PARATAA_LOAD_COUNT=100000 deno task test:full
 * @module
 */
import assert from "node:assert/strict";
import { runChild } from "../support/run_child.ts";

const COUNT = Number(Deno.env.get("PARATAA_LOAD_COUNT") ?? 12_000);
/** Loads of one process, so that a crash costs few. */
const PART = 2000;
const CHILD = new URL("../runtime/model_mutation_child.ts", import.meta.url);

Deno.test(`ONNX Runtime loads or refuses ${COUNT} corrupt models, none ends the process`, async () => {
  const first = crypto.getRandomValues(new Uint32Array(1))[0];
  const sum = { loaded: 0, refused: 0 };
  for (let part = 0; part * PART < COUNT; part++) {
    const seed = (first + part) >>> 0;
    const args = [String(PART), String(seed)];
    const { code, signal, stdout, stderr } = await runChild(CHILD, {
      flags: ["--allow-ffi", "--allow-read"],
      args,
    });
    const [dots, report] = stdout.split("\n");
    assert.equal(
      code,
      0,
      `signal ${signal} at input ${dots.length - 1} of seed ${seed}\n${stderr}`,
    );
    const { loaded, refused } = JSON.parse(report);
    assert.equal(loaded + refused, PART);
    sum.loaded += loaded;
    sum.refused += refused;
  }
  console.log(`ONNX loads from seed ${first}:`, sum);
});
