import assert from "node:assert/strict";
import { readJson } from "../../src/formats/json.ts";
import { inspectedRun } from "../../src/diagnostics/inspect/run_report.ts";
import { reportLines } from "../../src/diagnostics/inspect/report.ts";
import { checkUnchanged } from "../../src/jobs/unchanged.ts";
import { MismatchError } from "../../src/errors.ts";
import { explainDifferences } from "../../src/runs/compare_runs.ts";
import { checkManifest } from "../../src/runs/finished_run.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { fuzz, type FuzzTarget } from "../support/fuzz.ts";

const COUNT = 10_000;
const SEED = 20261123;

/** A manifest with every key, short. */
const MANIFEST = {
  format: "parataa-manifest",
  version: 1,
  status: "complete",
  script: "parallel_dit",
  arguments: { timesteps: 4, method: "tqn", prompt: null, fp16: false },
  versions: { parataa: "0.1.0", solver: 1, deno: "2.9.6", onnxruntime: "1.30.0" },
  provider: "cpu",
  library: { path: "libonnxruntime.so.1", size: 1, sha256: "00" },
  model: { path: "m", name: "tiny", files: { "unet/model.onnx": { size: 1, sha256: "00" } } },
  started: "2026-11-23T02:54:42.058Z",
  samples: [{
    index: 0,
    condition: { class: 1 },
    seed: 0,
    steps: 4,
    rounds: 2,
    nfe: 8,
    converged: true,
    finishedIndex: [3, 0],
    residual: [0.5, 0],
    seconds: { sampling: 1, network: 0.5, decoding: 0.1 },
  }],
  outputs: { "args.txt": { size: 1, sha256: "00" } },
};

const WHOLE = MANIFEST as unknown as Manifest;

/** Compares what is here with a run; only a difference may be thrown. */
function compare(manifest: Manifest): void {
  try {
    checkUnchanged({ path: "run", manifest }, WHOLE);
  } catch (error) {
    if (!(error instanceof MismatchError)) throw error;
  }
}

const TARGET: FuzzTarget = {
  name: "manifest",
  parse(bytes) {
    const manifest: Manifest = checkManifest(
      "manifest.json",
      readJson(bytes, { file: "manifest.json" }),
    );
    assert.deepEqual(Object.keys(Object.prototype), []);
    // What is accepted can be shown and compared.
    explainDifferences(manifest, WHOLE);
    compare(manifest);
    return reportLines(inspectedRun("run", manifest)); // escaped where it is printed
  },
  seeds: [JSON.stringify(MANIFEST), JSON.stringify(MANIFEST, null, 2)].map((text) =>
    new TextEncoder().encode(text)
  ),
  tokens: [
    ...[
      '"__proto__":',
      '"constructor":',
      '"toString":',
      "null",
      "true",
      "-1",
      "1e309",
      "0.5",
      "9007199254740993",
    ],
    ...["{}", "[]", '""', "\\u001b[2J", "\\n", ",", ":", '"', "[[[[[[[[[[[[[[[[[[[["],
  ],
};

Deno.test(`each of ${COUNT} mutants of a manifest is read or refused, seed ${SEED}`, async () => {
  const { accepted, refused } = await fuzz(TARGET, { count: COUNT, seed: SEED });
  assert(accepted > COUNT / 100, `${accepted} accepted`);
  assert(refused > COUNT / 10, `${refused} refused`);
});

Deno.test("checkManifest() names a missing part", () => {
  const check = (change: object) => () =>
    checkManifest("m.json", JSON.parse(JSON.stringify({ ...MANIFEST, ...change })));
  assert.deepEqual(check({})().script, "parallel_dit");
  for (
    const [change, wanted] of [
      [{ format: "x" }, /m\.json: not a manifest of parataa/],
      [{ provider: 1 }, /provider is not a string/],
      [{ versions: undefined }, /versions are missing/],
      [
        { versions: { parataa: {} } },
        /versions contain values other than strings, numbers and booleans/,
      ],
      [{ arguments: { prompt: ["a"] } }, /arguments contain values other than/],
      [{ library: [] }, /library are missing/],
      [
        { library: { path: "x", sha256: 1 } },
        /library has no path, or a hash that is not a string/,
      ],
      [{ host: { os: {} } }, /host is not a machine record/],
      [{ error: "full" }, /error is not an error record/],
      [{ resumed: 1 }, /resumed is not a list/],
      [{ model: { files: {} } }, /model has no name/],
      [{ model: { name: "x", files: { a: {} } } }, /model has no hashes/],
      [{ outputs: { a: { size: "1", sha256: "" } } }, /outputs have no hashes/],
      [{ samples: [{ index: -1 }] }, /samples are not sample records/],
      [{ samples: [{ ...MANIFEST.samples[0], residual: "x" }] }, /samples are not sample records/],
      [{ samples: [{ ...MANIFEST.samples[0], condition: { prompt: {} } }] }, /samples are not/],
    ] as const
  ) assert.throws(check(change), wanted);
});
