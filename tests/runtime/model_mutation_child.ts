/**
 * Loads every prefix of a small model and every copy with one bit flipped; each must load or be a ModelError. A crash of native code
 * would end this process, so model_fault_test.ts runs it on its own.
 * @module
 */
import { ModelError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { addModel } from "../support/models.ts";

const model = addModel();
using environment = Environment.open();
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

for (let length = 0; length < model.length; length++) await load(model.subarray(0, length));
for (let bit = 0; bit < model.length * 8; bit++) {
  const mutant = model.slice();
  mutant[bit >> 3] ^= 1 << (bit & 7);
  await load(mutant);
}
console.log(JSON.stringify({ ...count, wanted: model.length * 9 }));
