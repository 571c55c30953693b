/**
 * Loads corrupt models; each must load or be a ModelError. A crash of native code would end this
 * process, so it runs on its own.
 *
 * Without arguments: every prefix of a small model, and every copy with one bit flipped. With COUNT
 * and SEED: COUNT mutants of several models.
 *
 *     deno run --allow-ffi --allow-read model_mutation_child.ts [COUNT SEED]
 * @module
 */
import { ModelError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { mutant, Random } from "../support/fuzz.ts";
import { addModel } from "../support/models.ts";
import { tinyDitModel } from "../support/tiny_dit.ts";
import { ONNX_TARGET } from "../formats/onnx/onnx_fuzz_target.ts";

using environment = Environment.open();
const DOT = new TextEncoder().encode(".");
const count = { loaded: 0, refused: 0 };

async function load(bytes: Uint8Array): Promise<void> {
  try {
    await using _session = await InferenceSession.create(environment, bytes, {
      intraOpNumThreads: 1,
    });
    count.loaded++;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    count.refused++;
  }
}

/** Every prefix, then every bit. */
function* smallChanges(model: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < model.length; length++) yield model.subarray(0, length);
  for (let bit = 0; bit < model.length * 8; bit++) {
    const changed = model.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    yield changed;
  }
}

function* mutants(count: number, seed: number): Generator<Uint8Array> {
  const random = new Random(seed);
  const target = { ...ONNX_TARGET, seeds: [...ONNX_TARGET.seeds, addModel(), tinyDitModel()] };
  for (let i = 0; i < count; i++) yield mutant(target, random);
}

const [wanted, seed] = Deno.args.map(Number);
const inputs = wanted === undefined ? smallChanges(addModel()) : mutants(wanted, seed);
let fed = 0;
for (const bytes of inputs) {
  fed++;
  // Should the process end here, the number of dots says which input it was.
  Deno.stdout.writeSync(DOT);
  await load(bytes);
}
console.log("\n" + JSON.stringify({ ...count, wanted: fed }));
