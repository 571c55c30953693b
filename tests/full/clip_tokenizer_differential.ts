/**
 * ClipTokenizer against transformers' CLIPTokenizer on OpenAI's own vocabulary. Needs Python with
 * transformers and open-clip-torch
 * (`pip install transformers; pip install --no-deps open-clip-torch`); skipped where they are
 * absent.
 *
 *     deno task test:full
 * @module
 */

import assert from "node:assert/strict";
import { ClipTokenizer } from "../../src/models/tokenizer/clip_tokenizer.ts";
import { hardStrings } from "../support/hard_strings.ts";
import { SAFE_PATH } from "../support/python.ts";

const COUNT = 4000;
const SEED = 20240614;

async function python(args: string[], input = ""): Promise<string | undefined> {
  const command = new Deno.Command("python3", {
    args,
    env: SAFE_PATH,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  });
  let child: Deno.ChildProcess;
  try {
    child = command.spawn();
  } catch {
    return undefined;
  }
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, stdout } = await output;
  return success ? new TextDecoder().decode(stdout) : undefined;
}

const here = import.meta.dirname;
const hasReference = await python([
  "-c",
  "import sys; sys.modules['torchvision'] = None; import transformers, importlib.util as u; sys.exit(u.find_spec('open_clip') is None)",
]) !== undefined;
if (!hasReference) {
  console.warn("skipped: Python with transformers and open-clip-torch is not here");
}

async function compare(settings: Record<string, string>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    assert.notEqual(await python([`${here}/clip_vocabulary.py`, folder]), undefined);
    await Deno.writeTextFile(`${folder}/special_tokens_map.json`, JSON.stringify(settings));
    const strings = hardStrings(COUNT, SEED);
    const flags = Object.entries(settings).map((pair) => pair.join("="));
    const reference = await python(
      [`${here}/clip_reference.py`, folder, ...flags],
      JSON.stringify(strings),
    );
    assert.notEqual(reference, undefined, "transformers' CLIPTokenizer failed");
    const wanted: number[][] = JSON.parse(reference ?? "[]");
    const tokenizer = await ClipTokenizer.load(folder);
    const different = strings.filter((text, i) =>
      JSON.stringify(tokenizer.encode(text).ids) !== JSON.stringify(wanted[i])
    );
    console.log(`${strings.length - different.length} of ${strings.length} strings agree`);
    assert.deepEqual(different, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "ClipTokenizer equals transformers on CLIP's vocabulary",
  ignore: !hasReference,
  fn: () => compare({}),
});

Deno.test({
  name: "ClipTokenizer equals transformers with the pad token of Stable Diffusion 2",
  ignore: !hasReference,
  fn: () => compare({ pad_token: "!" }),
});
