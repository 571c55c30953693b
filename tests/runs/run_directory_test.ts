import assert from "node:assert/strict";
import { join } from "node:path";
import { digestBytes, digestFile } from "../../src/storage/hash.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { RunDirectory, timestamp } from "../../src/runs/run_directory.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const started = new Date(2026, 10, 3, 4, 5, 6);

function manifest(): Manifest {
  return {
    format: "parataa-manifest",
    version: 1,
    status: "running",
    script: "test",
    arguments: { seed: 0 },
    versions: { parataa: "0", deno: "0", onnxruntime: "0" },
    provider: "cpu",
    library: { path: "lib", size: 0, sha256: "" },
    model: { path: "m", name: "m", files: {} },
    started: started.toISOString(),
    samples: [],
    outputs: {},
  };
}

const readManifest = async (run: RunDirectory) =>
  JSON.parse(await Deno.readTextFile(join(run.path, "manifest.json"))) as Manifest;

Deno.test("timestamp() has the official format", () => {
  assert.equal(timestamp(started), "2026-11-03-04-05-06");
});

Deno.test("RunDirectory lists every output with its hash and is complete only when finished", () =>
  withTempFolder(async (folder) => {
    await using run = await RunDirectory.create(folder, "DiT", started, manifest());
    assert.equal(run.path, join(folder, "DiT-2026-11-03-04-05-06"));
    await run.write("sample_0/step_0.png", Uint8Array.of(1, 2));
    assert.equal((await readManifest(run)).status, "running");
    await run.finish("complete");
    const saved = await readManifest(run);
    assert.equal(saved.status, "complete");
    assert.deepEqual(saved.outputs, { "sample_0/step_0.png": digestBytes(Uint8Array.of(1, 2)) });
    assert.deepEqual(
      await digestFile(join(run.path, "sample_0/step_0.png")),
      saved.outputs["sample_0/step_0.png"],
    );
  }));

Deno.test("RunDirectory creates different folders for two runs in one second", () =>
  withTempFolder(async (folder) => {
    const create = () => RunDirectory.create(folder, "DiT", started, manifest());
    const runs = await Promise.all([create(), create(), create()]);
    assert.equal(new Set(runs.map((run) => run.path)).size, 3);
    for (const run of runs) await run[Symbol.asyncDispose]();
  }));

Deno.test("RunDirectory leaves no folder behind if it cannot be locked", () =>
  withTempFolder(async (folder) => {
    const { tryLock } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.tryLock = () => Promise.reject(new Error("No locks available"));
    try {
      const create = RunDirectory.create(folder, "DiT", started, manifest());
      await assert.rejects(create, /cannot lock .*No locks available/);
    } finally {
      Deno.FsFile.prototype.tryLock = tryLock;
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("RunDirectory.finish() records the error that ended a run", () =>
  withTempFolder(async (folder) => {
    await using run = await RunDirectory.create(folder, "DiT", started, manifest());
    await run.finish("failed", { code: "E_NUMERICAL", message: "NaN in round 2" });
    const { status, error } = await readManifest(run);
    assert.equal(status, "failed");
    assert.deepEqual(error, { code: "E_NUMERICAL", message: "NaN in round 2" });
  }));

Deno.test("digestFile() equals sha256 of the bytes", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "abc");
    await Deno.writeTextFile(path, "abc");
    // FIPS 180-2, appendix B.1.
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.deepEqual(await digestFile(path), { size: 3, sha256 });
  }));
