import assert from "node:assert/strict";
import { join } from "node:path";
import { StorageError } from "../../src/errors.ts";
import { RoundLog } from "../../src/runs/round_log.ts";
import type { Denoiser } from "../../src/sampling/denoiser.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const ROW = 3;

/** Answers 10·latent + step, and counts how often it is asked. */
class Network implements Denoiser {
  readonly rowSize = ROW;
  calls = 0;

  predictNoise(latents: Float64Array, steps: Int32Array, out: Float64Array): Promise<void> {
    this.calls++;
    latents.forEach((x, i) => out[i] = 10 * x + steps[Math.floor(i / ROW)]);
    return Promise.resolve();
  }
}

/**
 * Asks `rounds` questions, each made from the last answer, and returns all answers and how many the
 * network gave.
 */
async function ask(
  path: string,
  rounds: number,
  { identity = "run", first = 0.5, rows = 2 } = {},
): Promise<{ answers: number[][]; calls: number; replayed: number }> {
  const network = new Network();
  await using log = await RoundLog.open(path, identity);
  const denoiser = log.around(network);
  const answers: number[][] = [];
  let latents = new Float64Array(rows * ROW).fill(first);
  for (let round = 0; round < rounds; round++) {
    const out = new Float64Array(rows * ROW);
    await denoiser.predictNoise(latents, Int32Array.from({ length: rows }, (_, i) => i), out);
    answers.push([...out]);
    latents = out.map(Math.sin);
  }
  await log.flush();
  return { answers, calls: network.calls, replayed: log.replayed };
}

const withLog = (test: (path: string) => Promise<void>) =>
  withTempFolder((folder) => test(join(folder, ".rounds.log")));

/** A record of two rows: their answer and a digest. */
const RECORD = 2 * ROW * 8 + 32;

Deno.test("RoundLog replays recorded answers and then uses the network", () =>
  withLog(async (path) => {
    const wanted = await ask(path, 5);
    assert.deepEqual([wanted.calls, wanted.replayed], [5, 0]);
    assert.equal((await Deno.stat(path)).size, 5 * RECORD);
    assert.deepEqual(await ask(path, 7), { ...await ask(path, 7), calls: 2, replayed: 5 });
    const again = await ask(path, 7);
    assert.deepEqual(again.answers.slice(0, 5), wanted.answers);
    assert.deepEqual([again.calls, again.replayed], [0, 7]);
  }));

Deno.test("RoundLog resumes after a cut at any byte, with the same final file", () =>
  withLog(async (path) => {
    const wanted = await ask(path, 3);
    const whole = await Deno.readFile(path);
    for (let length = 0; length <= whole.length; length += 7) {
      await Deno.writeFile(path, whole.subarray(0, length));
      const { answers, calls, replayed } = await ask(path, 3);
      assert.deepEqual(answers, wanted.answers, `cut to ${length}`);
      assert.deepEqual([calls, replayed], [3 - replayed, Math.floor(length / RECORD)]);
      assert.deepEqual(await Deno.readFile(path), whole, `cut to ${length}`);
    }
  }));

Deno.test("RoundLog discards all records from a changed bit on", () =>
  withLog(async (path) => {
    const wanted = await ask(path, 3);
    const whole = await Deno.readFile(path);
    for (let at = 0; at < whole.length; at += 5) {
      const bytes = whole.slice();
      bytes[at] ^= 1 << (at % 8);
      await Deno.writeFile(path, bytes);
      const { answers, replayed } = await ask(path, 3);
      assert.deepEqual(answers, wanted.answers, `byte ${at}`);
      assert.equal(replayed, Math.floor(at / RECORD), `byte ${at}`);
      assert.deepEqual(await Deno.readFile(path), whole, `byte ${at}`);
    }
  }));

Deno.test("RoundLog discards records of another run, other latents or other rows", () =>
  withLog(async (path) => {
    await ask(path, 3);
    for (const other of [{ identity: "another" }, { first: 0.25 }, { rows: 1 }]) {
      const { replayed, calls } = await ask(path, 3, other);
      assert.deepEqual([replayed, calls], [0, 3], JSON.stringify(other));
      await ask(path, 3);
    }
  }));

Deno.test("RoundLog records no non-finite answer", () =>
  withLog(async (path) => {
    await using log = await RoundLog.open(path, "run");
    const denoiser = log.around({
      rowSize: 1,
      predictNoise: (_latents, _steps, out) => Promise.resolve(void (out[0] = NaN)),
    });
    await denoiser.predictNoise(new Float64Array(1), new Int32Array(1), new Float64Array(1));
    await log.flush();
    assert.equal((await Deno.stat(path)).size, 0);
  }));

Deno.test("RoundLog.flush() throws if a record could not be written", () =>
  withLog(async (path) => {
    const { write } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.write = () => Promise.reject(new Error("No space left on device"));
    try {
      await assert.rejects(ask(path, 1), (error: Error) => {
        assert.ok(error instanceof StorageError && error.message.includes(path), error.message);
        return true;
      });
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.equal((await ask(path, 1)).calls, 1);
  }));
