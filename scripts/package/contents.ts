/** What goes into the single file. @module */
import { join } from "node:path";

/** Root of the project. */
export const ROOT = join(import.meta.dirname!, "..", "..");

const LIBRARY = "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";

/** Of imagescript, what Linux x64 has no use for. */
const NEEDLESS =
  /^(bench|codecs\/wasm)\/|wasm\/any\/(font|gif|svg|tiff)\.wasm$|bin\/(?!x64-linux\.)[^/]*\.node$|\.(d\.ts|rs)$|tsconfig\.json$/;

/** Beside the bundle, so that it finds imagescript and nothing of the user's. */
const CONFIG = { nodeModulesDir: "manual" };
const PACKAGE = { type: "module", dependencies: { imagescript: "*" } };

/** What else of the project goes along; other models in `models/` are the user's. */
const OTHERS: Readonly<Record<string, string>> = {
  LICENSE: "LICENSE",
  NOTICE: "scripts/package/NOTICE",
  "LICENSE-Apache-2.0": "node_modules/@huggingface/tokenizers/LICENSE",
  "models/NOTICE": "models/NOTICE",
};
const MODELS = ["dit-emoji", "sd-emoji"];

/** The files of the unpacked folder by path. */
export async function collectFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const add = async (path: string, from: string) => files.set(path, await Deno.readFile(from));
  await add("deno", Deno.execPath());
  await add("libonnxruntime.so.1", join(ROOT, LIBRARY));
  files.set("src/cli/parataa.js", await bundle("scripts/parataa.ts"));
  // Where src/runtime/worker_url.ts looks for it, seen from the bundle.
  files.set("src/cli/device_worker.ts", await bundle("src/runtime/device_worker.ts"));
  files.set("deno.json", json(CONFIG));
  files.set("package.json", json(PACKAGE));
  for (const [path, from] of Object.entries(OTHERS)) await add(path, join(ROOT, from));
  for (const model of MODELS) {
    const folder = join(ROOT, "models", model);
    for (const path of await list(folder)) await add(`models/${model}/${path}`, join(folder, path));
  }
  const imagescript = join(ROOT, "node_modules/imagescript");
  for (const path of await list(imagescript)) {
    if (!NEEDLESS.test(path)) {
      await add(`node_modules/imagescript/${path}`, join(imagescript, path));
    }
  }
  return files;
}

/** One entry point with all that it imports, as one module; imagescript stays outside since it loads files of its own. */
export async function bundle(entry: string): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=deno", "--minify", "--external=imagescript", entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`cannot bundle ${entry}: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Paths of all files below a folder, sorted, with `/`. */
async function list(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) paths.push(name);
    else paths.push(...(await list(join(folder, name))).map((path) => `${name}/${path}`));
  }
  return paths.sort();
}
