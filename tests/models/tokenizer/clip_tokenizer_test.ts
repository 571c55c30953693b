import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../../src/errors.ts";
import { ClipTokenizer } from "../../../src/models/tokenizer/clip_tokenizer.ts";

const FIXTURES = join(import.meta.dirname ?? "", "..", "..", "fixtures");
const FOLDER = join(FIXTURES, "tokenizer");

/** A small tokenizer folder; `undefined` leaves the file out. */
async function folderWith(files: Record<string, string | Uint8Array | undefined>): Promise<string> {
  const folder = await Deno.makeTempDir();
  const vocab = {
    a: 0,
    b: 1,
    "b</w>": 2,
    "ab</w>": 3,
    "<|startoftext|>": 4,
    "<|endoftext|>": 5,
    "?": 6,
  };
  const all = { "vocab.json": JSON.stringify(vocab), "merges.txt": "#version: 0.2\na b</w>\n" };
  for (const [name, content] of Object.entries({ ...all, ...files })) {
    if (typeof content === "string") await Deno.writeTextFile(join(folder, name), content);
    else if (content) await Deno.writeFile(join(folder, name), content);
  }
  return folder;
}

async function loadWith(files: Record<string, string | Uint8Array | undefined>) {
  const folder = await folderWith(files);
  try {
    return await ClipTokenizer.load(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ClipTokenizer equals transformers' CLIPTokenizer on the committed cases", async () => {
  const tokenizer = await ClipTokenizer.load(FOLDER);
  const text = await Deno.readTextFile(join(FIXTURES, "clip_cases.json"));
  const cases: [string, number[]][] = JSON.parse(text);
  assert.equal(cases.length, 300);
  for (const [text, ids] of cases) {
    const padded = [...ids, ...Array(77 - ids.length).fill(tokenizer.padId)];
    assert.deepEqual(tokenizer.encode(text).ids, padded, JSON.stringify(text.slice(0, 80)));
  }
});

interface FolderCases {
  strings: string[];
  cases: { name: string; files: Record<string, object | null>; pad: number; ids: number[][] }[];
}

const FOLDERS: FolderCases = JSON.parse(
  await Deno.readTextFile(join(FIXTURES, "clip_folder_cases.json")),
);
for (const { name, files, pad, ids } of FOLDERS.cases) {
  Deno.test(`ClipTokenizer equals transformers' CLIPTokenizer in a folder with ${name}`, async () => {
    const plain = join(FIXTURES, "layouts", "plain", "tokenizer");
    const tokenizer = await ClipTokenizer.load("folder", {
      async read(file) {
        const own = files[file];
        if (own) return new TextEncoder().encode(JSON.stringify(own));
        const given = file === "vocab.json" || file === "merges.txt";
        return given && own === undefined ? await Deno.readFile(join(plain, file)) : undefined;
      },
    });
    assert.equal(tokenizer.padId, pad);
    for (const [index, text] of FOLDERS.strings.entries()) {
      const padded = [...ids[index], ...Array(77 - ids[index].length).fill(pad)];
      assert.deepEqual(tokenizer.encode(text).ids, padded, text);
    }
  });
}

Deno.test("ClipTokenizer.encode() lower-cases a final capital sigma like any other", async () => {
  const tokenizer = await ClipTokenizer.load(FOLDER);
  assert.deepEqual(tokenizer.encode("ΟΔΟΣ").ids, tokenizer.encode("οδοσ").ids);
  assert.notDeepEqual(tokenizer.encode("ΟΔΟΣ").ids, tokenizer.encode("οδος").ids);
});

Deno.test("ClipTokenizer.encode() pads the empty text with the end token", async () => {
  const { ids, truncated } = (await ClipTokenizer.load(FOLDER)).encode("");
  assert.deepEqual(ids, [1312, ...Array(76).fill(1313)]);
  assert.equal(truncated, undefined);
});

Deno.test("ClipTokenizer.encode() reports what 77 ids cannot hold", async () => {
  const tokenizer = await ClipTokenizer.load(FOLDER);
  // "!" and "é" alone are one and two tokens: 75 fit between bos and eos.
  const full = tokenizer.encode("! ".repeat(75));
  assert.equal(full.truncated, undefined);
  assert.equal(full.ids[76], tokenizer.eosId);
  const over = tokenizer.encode("! ".repeat(75) + "A 👍");
  assert.equal(over.truncated, "a 👍");
  assert.deepEqual(over.ids, full.ids);
});

Deno.test("ClipTokenizer.encode() takes a lone surrogate for U+FFFD", async () => {
  const tokenizer = await ClipTokenizer.load(FOLDER);
  assert.deepEqual(tokenizer.encode("a\ud800b"), tokenizer.encode("a\ufffdb"));
});

Deno.test("ClipTokenizer.load() takes the pad token and the length from the configuration", async () => {
  const tokenizer = await loadWith({
    "special_tokens_map.json": JSON.stringify({ pad_token: { content: "?" } }),
    "tokenizer_config.json": JSON.stringify({ pad_token: "b", model_max_length: 6 }),
  });
  assert.deepEqual(tokenizer.encode("ab").ids, [4, 3, 5, 6, 6, 6]);
  assert.equal(tokenizer.vocabSize, 7);
  const unlimited = await loadWith({ "tokenizer_config.json": '{"model_max_length":1e30}' });
  assert.equal(unlimited.maxLength, 77);
});

Deno.test("ClipTokenizer.load() reads files with a BOM and CRLF, as Windows leaves them", async () => {
  const tokenizer = await loadWith({ "merges.txt": "\ufeff#version: 0.2\r\na b</w>\r\n" });
  assert.deepEqual(tokenizer.encode("AB").ids.slice(0, 3), [4, 3, 5]);
});

const REFUSED: [string, Record<string, string | Uint8Array | undefined>, RegExp][] = [
  ["without merges", { "merges.txt": undefined }, /: no merges\.txt$/],
  [
    "without anything",
    { "merges.txt": undefined, "vocab.json": undefined },
    /no vocab\.json, no merges\.txt$/,
  ],
  ["vocab that is not JSON", { "vocab.json": "{" }, /vocab\.json: not JSON/],
  ["vocab that is a list", { "vocab.json": "[]" }, /vocab\.json is no JSON object/],
  ["empty vocab", { "vocab.json": "{}" }, /vocab\.json: no tokens/],
  ["not UTF-8", { "merges.txt": new Uint8Array([0xff]) }, /merges\.txt: not UTF-8/],
  ["fractional id", { "vocab.json": '{"a":0.5}' }, /token "a" has id 0\.5, wanted an integer/],
  ["negative id", { "vocab.json": '{"a":-1}' }, /token "a" has id -1/],
  ["string id", { "vocab.json": '{"__proto__":"0"}' }, /token "__proto__" has id "0"/],
  ["shared id", { "vocab.json": '{"a":0,"b":0}' }, /tokens "a" and "b" share the id 0/],
  ["a line of one token", { "merges.txt": "#version: 0.2\na b</w>\nab\n" }, /merges\.txt: line 3/],
  ["a line of three", { "merges.txt": "a b c\n" }, /line 1: "a b c" is not two tokens/],
  ["two spaces", { "merges.txt": "a  b\n" }, /line 1/],
  ["an unknown token", { "merges.txt": "a z\n" }, /line 1: "z" is not in the vocabulary/],
  ["an unknown result", { "merges.txt": "a b\n" }, /line 1: "ab" is not in the vocabulary/],
  [
    "pad token not in the vocabulary",
    { "tokenizer_config.json": '{"pad_token":"!"}' },
    /pad_token "!" of .* is not in the vocabulary/,
  ],
  [
    "another tokenizer",
    { "tokenizer_config.json": '{"tokenizer_class":"T5Tokenizer"}' },
    /tokenizer_class is "T5Tokenizer", wanted CLIPTokenizer/,
  ],
  [
    "an added token with an id that leaves a gap",
    { "added_tokens.json": '{"<cat-toy>":9}' },
    /added_tokens\.json: token "<cat-toy>" has id 9, the next free id is 7$/,
  ],
  [
    "an added token with another id than its own",
    { "added_tokens.json": '{"a":9}' },
    /token "a" has id 9, its id in the vocabulary is 0$/,
  ],
  ["an added token without an id", { "added_tokens.json": '{"<c>":"9"}' }, /"<c>" has id "9"/],
  [
    "an added token without a text",
    { "tokenizer_config.json": '{"added_tokens_decoder":{"7":{"contents":"x"}}}' },
    /tokenizer_config\.json: added_tokens_decoder: \{"contents":"x"\} is not a token/,
  ],
  [
    "padding on the left",
    { "tokenizer_config.json": '{"padding_side":"left"}' },
    /tokenizer_config\.json: padding_side is "left", wanted "right"/,
  ],
  [
    "a tokenizer.json of another kind",
    { "tokenizer.json": '{"model":{"type":"Unigram","vocab":[]}}' },
    /tokenizer\.json: no model with vocab and merges, wanted byte-pair encoding/,
  ],
  [
    "a tokenizer.json of GPT-2",
    { "tokenizer.json": '{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}' },
    /tokenizer\.json: end_of_word_suffix is nothing, wanted "<\/w>" of a CLIP tokenizer/,
  ],
  ["broken configuration", { "special_tokens_map.json": "nul" }, /special_tokens_map\.json: not/],
];
for (const [name, files, message] of REFUSED) {
  Deno.test(`ClipTokenizer.load() refuses ${name}`, async () => {
    await assert.rejects(loadWith(files), (error: Error) => {
      assert.ok(error instanceof ModelError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}
