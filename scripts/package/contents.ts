/** Lists the contents of the single file. @module */
import { join, posix } from "node:path";
import config from "../../deno.json" with { type: "json" };

/** Root of the project. */
export const ROOT = join(import.meta.dirname!, "..", "..");

/** A system for which onnxruntime-node has a library. */
export interface Platform {
  /** Folder and file of the library in onnxruntime-node. */
  library: string;
  /** Libraries beside it that its providers open. */
  companions?: readonly string[];
  /** imagescript's name of the system, for its native encoder. */
  encoder: string;
}

/** Platforms by Deno's name of the target. There is no library for macOS on Intel. */
export const PLATFORMS: Readonly<Record<string, Platform>> = {
  "x86_64-unknown-linux-gnu": { library: "linux/x64/libonnxruntime.so.1", encoder: "x64-linux" },
  "aarch64-unknown-linux-gnu": {
    library: "linux/arm64/libonnxruntime.so.1",
    encoder: "arm64-linux",
  },
  "aarch64-apple-darwin": {
    library: "darwin/arm64/libonnxruntime.1.dylib",
    encoder: "arm64-darwin",
  },
  "x86_64-pc-windows-msvc": {
    library: "win32/x64/onnxruntime.dll",
    companions: ["DirectML.dll", "dxil.dll", "dxcompiler.dll"],
    encoder: "x64-win32",
  },
};

const LIBRARIES = "node_modules/onnxruntime-node/bin/napi-v6";

/** Parts of imagescript that no system needs. Of its encoders, only the system's is kept. */
const NEEDLESS =
  /^(bench|codecs\/wasm)\/|wasm\/any\/(font|gif|svg|tiff)\.wasm$|\.(d\.ts|rs)$|tsconfig\.json$/;

/** Configuration beside the bundle, so that it finds its own imagescript only. */
const CONFIG = { nodeModulesDir: "manual" };
const PACKAGE = { type: "module", dependencies: { imagescript: "*" } };

/** Other files to include. Further models in `models/` belong to the user. */
const OTHERS: Readonly<Record<string, string>> = {
  LICENSE: "LICENSE",
  NOTICE: "scripts/package/NOTICE",
  "LICENSE-Apache-2.0": "node_modules/@huggingface/tokenizers/LICENSE",
  "models/NOTICE": "models/NOTICE",
};
const FOLDERS = ["models/dit-emoji", "models/flow-emoji", "models/sd-emoji", "scripts/experiments"];

/**
 * Returns a platform's library and its companions by the path, relative to the bundle, at which
 * ffi/library_search.ts expects the npm package.
 */
export async function libraryFiles(
  { library, companions = [] }: Platform,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of [library, ...companions.map((name) => posix.join(library, "..", name))]) {
    files.set(`src/${LIBRARIES}/${path}`, await Deno.readFile(join(ROOT, LIBRARIES, path)));
  }
  return files;
}

/** Returns all files except Deno and the library, by path in the folder of the bundle. */
export async function collectFiles({ encoder }: Platform): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const add = async (path: string, from: string) => files.set(path, await Deno.readFile(from));
  files.set("src/cli/parataa.js", await bundle("scripts/parataa.ts"));
  // Path at which src/devices/worker_url.ts expects it, relative to the bundle.
  files.set("src/cli/device_worker.ts", await bundle("src/devices/device_worker.ts"));
  files.set("deno.json", json(CONFIG));
  files.set("package.json", json(PACKAGE));
  for (const [path, from] of Object.entries(OTHERS)) await add(path, join(ROOT, from));
  for (const folder of FOLDERS) {
    for (const path of await list(join(ROOT, folder))) {
      await add(`${folder}/${path}`, join(ROOT, folder, path));
    }
  }
  const imagescript = join(ROOT, "node_modules/imagescript");
  for (const path of await list(imagescript)) {
    if (!NEEDLESS.test(path) && (!path.endsWith(".node") || path.endsWith(`/${encoder}.node`))) {
      await add(`node_modules/imagescript/${path}`, join(imagescript, path));
    }
  }
  return files;
}

/**
 * Bundles an entry point with its imports into one module. imagescript stays external, since it
 * loads files of its own, and is found by name beside the bundle.
 */
export async function bundle(entry: string): Promise<Uint8Array> {
  const { imagescript } = config.imports;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=deno", "--minify", `--external=${imagescript}`, entry],
    cwd: ROOT,
  }).output();
  if (!success) throw new Error(`cannot bundle ${entry}: ${new TextDecoder().decode(stderr)}`);
  const text = new TextDecoder().decode(stdout);
  return new TextEncoder().encode(text.replaceAll(`"${imagescript}"`, '"imagescript"'));
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Returns the sorted paths of all files below a folder, separated by `/`. */
async function list(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) paths.push(name);
    else paths.push(...(await list(join(folder, name))).map((path) => `${name}/${path}`));
  }
  return paths.sort();
}
