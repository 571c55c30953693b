/**
 * src/formats against the readers of Python on the same mutants: what we accept, they accept, and
 * with equal content. Also a longer fuzz run and the worst headers in a small heap. The comparison
 * needs Python with safetensors, numpy, pillow and torch, and is skipped without. Before a release,
 * give the fuzzer a million:
 *
 *     PARATAA_FUZZ_COUNT=1000000 deno task test:full
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { readNpy } from "../../src/formats/npy/npy.ts";
import { readPngText } from "../../src/images/png_text.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import {
  contentOf,
  INDEX_TARGET,
  openBytes,
  PICKLE_TARGET,
  TORCH_TARGET,
} from "../formats/checkpoint_fuzz_targets.ts";
import {
  IMAGE_TARGET,
  JSON_TARGET,
  NPY_TARGET,
  PNG_PIXELS_TARGET,
  PNG_TARGET,
  SAFETENSORS_TARGET,
} from "../formats/fuzz_targets.ts";
import { ONNX_TARGET } from "../formats/onnx/onnx_fuzz_target.ts";
import { fuzz, type FuzzTarget, mutant, Random } from "../support/fuzz.ts";
import { SAFE_PATH } from "../support/python.ts";

const seed = crypto.getRandomValues(new Uint32Array(1))[0];
const COMPARED = 30_000;
const FUZZED = Number(Deno.env.get("PARATAA_FUZZ_COUNT") ?? 100_000);

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** By UTF-8 bytes, as Python sorts text. */
function byBytes(a: readonly unknown[], b: readonly unknown[]): number {
  return Buffer.compare(Buffer.from(String(a[0])), Buffer.from(String(b[0])));
}

function safetensorsContent(bytes: Uint8Array): unknown {
  const { tensors, metadata } = readSafetensors(bytes);
  const content = [...tensors].map((
    [name, { dtype, shape, data }],
  ) => [name, dtype, shape.join(), crc32(bytesOf(data))]);
  return [content.sort(byBytes), [...metadata].sort(byBytes)];
}

function npyContent(bytes: Uint8Array): unknown {
  const { dtype, shape, data } = readNpy(bytes);
  return [dtype, shape, crc32(bytesOf(data))];
}

function pngContent(bytes: Uint8Array): unknown {
  return [...readPngText(bytes)].sort(byBytes);
}

/** Our reading of an input, or null where we refuse it. */
async function ours(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): Promise<unknown> {
  try {
    return await read(bytes);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Python's reading of the inputs, or undefined without Python. */
async function theirs(
  format: string,
  inputs: readonly Uint8Array[],
): Promise<unknown[] | undefined> {
  const cases = await Deno.makeTempFile();
  try {
    const parts = inputs.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    });
    await Deno.writeFile(cases, Buffer.concat(parts));
    const script = `${import.meta.dirname}/formats_reference.py`;
    const args = [script, format, cases];
    const command = new Deno.Command("python3", { args, env: SAFE_PATH, stderr: "null" });
    const { success, stdout } = await command.output();
    if (!success) return undefined;
    return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(cases);
  }
}

const COMPARISONS: readonly (readonly [FuzzTarget, (bytes: Uint8Array) => unknown])[] = [
  [SAFETENSORS_TARGET, safetensorsContent],
  [NPY_TARGET, npyContent],
  [PNG_TARGET, pngContent],
  [TORCH_TARGET, async (bytes) => await contentOf(await openBytes(bytes))],
];

for (const [target, read] of COMPARISONS) {
  Deno.test(`${target.name}: what we accept Python accepts, with the same content, seed ${seed}`, async () => {
    const random = new Random(seed);
    const inputs = Array.from({ length: COMPARED }, () => mutant(target, random));
    // The unharmed files tell a Python without the readers from one that refuses.
    const wanted = await theirs(target.name, [...target.seeds, ...inputs]);
    if (wanted === undefined || wanted.slice(0, target.seeds.length).includes(null)) {
      return console.warn(`skipped: no Python reader of ${target.name}`);
    }
    let accepted = 0;
    let stricter = 0;
    for (const [i, bytes] of [...target.seeds, ...inputs].entries()) {
      const content = await ours(read, bytes);
      if (content === null) {
        if (wanted[i] !== null) stricter++;
        continue;
      }
      // Pillow stumbles over pixels that we do not look at: of PNG, only the text is compared.
      if (target === PNG_TARGET && wanted[i] === null) continue;
      accepted++;
      assert.deepEqual(content, wanted[i], `input ${i}: ${Buffer.from(bytes).toString("base64")}`);
    }
    console.log(
      `${target.name}: ${accepted} accepted by both, ${stricter} by Python alone, of ${COMPARED}`,
    );
  });
}

const FUZZ_TARGETS = [
  ...[JSON_TARGET, SAFETENSORS_TARGET, NPY_TARGET, PNG_TARGET, IMAGE_TARGET, PNG_PIXELS_TARGET],
  ...[PICKLE_TARGET, TORCH_TARGET, INDEX_TARGET, ONNX_TARGET],
];
for (const target of FUZZ_TARGETS) {
  Deno.test(`${target.name}: ${FUZZED} mutants are read or refused, seed ${seed}`, async () => {
    console.log(target.name, await fuzz(target, { count: FUZZED, seed }));
  });
}

for (const shape of ["tensors", "objects", "numbers", "names", "wide text", "escapes", "sizes"]) {
  Deno.test(`readSafetensors() takes 16 MiB of ${shape} within a heap of 256 MB`, async () => {
    const script = `${import.meta.dirname}/../support/worst_headers.ts`;
    const args = ["run", "--no-check", "--v8-flags=--max-old-space-size=256", script, shape];
    const command = new Deno.Command(Deno.execPath(), { args, stderr: "piped" });
    const { code, stdout, stderr } = await command.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    console.log(new TextDecoder().decode(stdout).trim());
  });
}
