import assert from "node:assert/strict";
import { ModelError } from "../../../src/errors.ts";
import { T5Tokenizer } from "../../../src/models/tokenizer/t5_tokenizer.ts";

/** Unigram with T5's normalizer, cut and ending; 16 ids: tests/fixtures/make_pipelines.py. */
const FOLDER = "tests/fixtures/pipelines/flux/tokenizer_2";

function load(most = 512, without?: string): Promise<T5Tokenizer> {
  const read = async (name: string) =>
    name === without ? undefined : await Deno.readFile(`${FOLDER}/${name}`);
  return T5Tokenizer.load(FOLDER, { read, most });
}

Deno.test("T5Tokenizer ends a row with </s>, fills it with <pad> and reports what it cut", async () => {
  const tokenizer = await load();
  assert.equal(tokenizer.maxLength, 16, "the folder's own bound");
  // transformers 4.57.6: T5TokenizerFast("a cute cat", padding="max_length", max_length=16)
  const cat = [4, 6, 5, 1, ...new Array(12).fill(0)];
  assert.deepEqual(await load().then((t) => t.encode("a cute cat")), {
    ids: cat,
    truncated: undefined,
  });
  assert.deepEqual(tokenizer.encode("a  cute cat").ids, cat);
  assert.deepEqual(tokenizer.encode("").ids, [1, ...new Array(15).fill(0)]);
  const long = tokenizer.encode(`${"a ".repeat(14)}cute dog cat`);
  assert.deepEqual(long.ids, [...new Array(14).fill(4), 6, 1]);
  assert.equal(long.truncated, "dog cat");
  assert.equal((await load(8)).encode("a cute cat").ids.length, 8);
});

Deno.test("T5Tokenizer names the file that is missing", async () => {
  for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
    await assert.rejects(load(16, name), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, new RegExp(`tokenizer_2 lacks ${name}, needed for T5`));
      return true;
    });
  }
});
