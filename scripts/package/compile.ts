/**
 * `deno task compile [TARGET …]`: compiles parataa with `deno compile` for every target with a
 * library in ONNX Runtime's package. If `denort` cannot be downloaded, set DENORT_BIN to a local
 * one; any other executable gives a file that lists what is embedded, but does not run.
 * @module
 */
import { dirname, join } from "node:path";
import { FETCH, permissionFlags } from "../../src/arguments/permissions.ts";
import { collectFiles, libraryFiles, PLATFORMS, ROOT } from "./contents.ts";

/**
 * Permissions of all commands together, with reading and writing anywhere: a compiled program has
 * one set for all commands.
 */
const PERMISSIONS = [
  "--no-prompt",
  ...["--allow-ffi", "--allow-read", "--allow-write", "--allow-sys=cpus,hostname"],
  ...permissionFlags({ net: FETCH.net, env: ["ORT_DYLIB_PATH", ...FETCH.env!] }),
];

/** Files that are not imported, but opened by a Worker, a session or an encoder. */
const INCLUDES = [
  "models",
  "node_modules/imagescript",
  "scripts",
  "src/cli/device_worker.ts",
  "src/node_modules",
];

/**
 * Copies the files of the target to `stage` and compiles it to `output`. Returns Deno's output,
 * which lists the embedded files.
 */
export async function compile(target: string, stage: string, output: string): Promise<string> {
  const platform = PLATFORMS[target];
  if (platform === undefined) {
    throw new Error(
      `${target} is not a target, wanted one of ${Object.keys(PLATFORMS).join(", ")}`,
    );
  }
  for (const [path, bytes] of [...await collectFiles(platform), ...await libraryFiles(platform)]) {
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
