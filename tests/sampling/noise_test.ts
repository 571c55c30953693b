import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TorchGenerator } from "../../mod.ts";
import { float64s, readFixture } from "./fixtures.ts";

interface Streams {
  streams: { seed: number; count: number; labels: number[]; noise: string; after: string }[];
  ranges: { seed: number; draws: [number, number, number[]][] }[];
  long: Record<"seed" | "labels" | "count", number> & Record<`${string}_sha256`, string>;
}

const fixture = await readFixture<Streams>("torch_streams.json");

/**
 * Largest distance in units of the last place: the C library under torch and the engine may round
 * log, sin and cos apart.
 */
function lastPlaces(ours: Float64Array, theirs: Float64Array): number {
  assert.equal(ours.length, theirs.length);
  return Math.max(
    ...ours.map((value, i) => Math.abs(value - theirs[i]) / (2 ** -52 * Math.abs(theirs[i]))),
  );
}

for (const { seed, count, labels, noise, after } of fixture.streams) {
  Deno.test(`TorchGenerator draws torch's labels and noise, seed ${seed}, ${count} numbers`, () => {
    const generator = new TorchGenerator(seed);
    assert.deepEqual(generator.randint(0, 1000, labels.length), labels);
    assert.ok(lastPlaces(generator.randn(count), float64s(noise)) <= 2);
    assert.ok(lastPlaces(generator.randn(3), float64s(after)) <= 2);
  });
}

for (const { seed, draws } of fixture.ranges) {
  Deno.test(`randint() equals torch's for ranges of 32 and 64 bits, seed ${seed}`, () => {
    const generator = new TorchGenerator(seed);
    for (const [low, high, values] of draws) {
      assert.deepEqual(generator.randint(low, high, values.length), values, `${low} … ${high}`);
    }
  });
}

Deno.test("TorchGenerator follows torch through 100,001 labels and 100,001 normal numbers", () => {
  const { long } = fixture;
  const generator = new TorchGenerator(long.seed);
  const labels = Int32Array.from(generator.randint(0, 1000, long.labels));
  assert.equal(sha256(new Uint8Array(labels.buffer)), long.labels_sha256);
  const text = Array.from(generator.randn(long.count), (value) => asPython(value) + "\n").join("");
  assert.equal(sha256(text), long.noise_sha256);
});

Deno.test("randn() is the same stream in one piece and in pieces of multiples of 16", () => {
  const whole = new TorchGenerator(5).randn(101);
  const generator = new TorchGenerator(5);
  const pieces = [generator.randn(16), generator.randn(48), generator.randn(37)];
  assert.deepEqual(Float64Array.from(pieces.flatMap((piece) => [...piece])), whole);
});

Deno.test("manualSeed() starts the stream over and forgets the spare normal number", () => {
  const generator = new TorchGenerator(5);
  const first = generator.randn(3);
  assert.deepEqual(generator.manualSeed(5).randn(3), first);
  assert.deepEqual(generator.manualSeed(5 + 2 ** 32).randn(3), first);
});

Deno.test("TorchGenerator names a wrong seed, range or count", () => {
  assert.throws(() => new TorchGenerator(0.5), /seed is 0.5, wanted a whole number/);
  assert.throws(
    () => new TorchGenerator(1).randint(3, 3, 1),
    /high is 3, wanted a whole number from 4/,
  );
  assert.throws(() => new TorchGenerator(1).randn(-1), /count is -1/);
});

function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Python writes at least two digits of exponent. */
function asPython(value: number): string {
  return value.toExponential(9).replace(/e([+-])(\d)$/, "e$10$2");
}
