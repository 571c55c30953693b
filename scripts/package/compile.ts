/**
 * `deno task compile [TARGET …]`: parataa as `deno compile` makes it, for every target that ONNX
 * Runtime's package has a library for. Where `denort` cannot be fetched, DENORT_BIN names one; any
 * executable in its place shows what would be embedded, and does not run.
 * @module
 */
import { dirname, join } from "node:path";
import { FETCH, permissionFlags } from "../../src/arguments/permissions.ts";
import { collectFiles, libraryFile, PLATFORMS, ROOT } from "./contents.ts";

/**
 * A compiled program cannot tell commands apart before it starts: it may do what any of them may,
 * and read and write anywhere.
 */
const PERMISSIONS = [
  "--no-prompt",
  ...["--allow-ffi", "--allow-read", "--allow-write", "--allow-sys=cpus"],
  ...permissionFlags({ net: FETCH.net, env: ["ORT_DYLIB_PATH", ...FETCH.env!] }),
];

/** What the entry does not import, but a Worker, a session or an encoder opens. */
const INCLUDES = [
  "models",
  "node_modules/imagescript",
  "scripts",
  "src/cli/device_worker.ts",
  "src/node_modules",
];

/**
 * Lays out what the target needs in `stage` and compiles it to `output`; returns what Deno says,
 * its list of embedded files too.
 */
export async function compile(target: string, stage: string, output: string): Promise<string> {
  const platform = PLATFORMS[target];
  if (platform === undefined) {
    throw new Error(`${target} is no target, wanted one of ${Object.keys(PLATFORMS).join(", ")}`);
  }
  for (const [path, bytes] of [...await collectFiles(platform), await libraryFile(platform)]) {
    await Deno.mkdir(join(stage, dirname(path)), { recursive: true });
    await Deno.writeFile(join(stage, path), bytes);
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["compile", "--no-check", "--no-lock", "--self-extracting", `--target=${target}`],
      ...PERMISSIONS,
      ...INCLUDES.flatMap((path) => ["--include", path]),
      ...["--output", output, "src/cli/parataa.js"],
    ],
    cwd: stage,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  if (!success) throw new Error(`cannot compile for ${target}: ${said}`);
  return said;
}

if (import.meta.main) {
  for (const target of Deno.args.length > 0 ? Deno.args : Object.keys(PLATFORMS)) {
    const stage = await Deno.makeTempDir({ prefix: "parataa-stage-" });
    const ending = target.includes("windows") ? ".exe" : "";
    try {
      console.log(await compile(target, stage, join(ROOT, `dist/parataa-${target}${ending}`)));
    } finally {
      await Deno.remove(stage, { recursive: true });
    }
  }
}
