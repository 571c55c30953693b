/**
 * Runs the tests of `ffi/`, `src/runtime/` and `src/devices/`, and the embedded networks, on other
 * versions of ONNX Runtime, and prints a table. `PARATAA_ORT_VERSIONS` names a folder with the
 * libraries, each below a folder named by its version. `--download` fetches the missing ones from
 * npm, or from PyPI if npm does not have the version.
 *
 * Usage: `PARATAA_ORT_VERSIONS=DIR deno task test:ort_versions [--download] [VERSION …]`
 * @module
 */
import { join, resolve } from "node:path";
import { ROOT } from "../../tests/support/run_script.ts";

/**
 * The oldest supported version, versions that changed messages or the function table, and the
 * newest.
 */
const VERSIONS = ["1.17.3", "1.20.1", "1.23.2", "1.26.0", "1.30.0", "1.32.0"];

interface Result {
  version: string;
  passed: number;
  failed: number;
  /** Names of failed tests. */
  failures: string[];
  /** Result of `selftest`, which loads and runs every embedded network. */
  networks: string;
}

async function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ success: boolean; output: string }> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...options,
    env: { NO_COLOR: "1", ...options.env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, output: text(stdout) + text(stderr) };
}

async function findLibrary(folder: string): Promise<string | undefined> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (!isDirectory && /^libonnxruntime\.so\.1/.test(name)) return path;
      const found = isDirectory ? await findLibrary(path) : undefined;
      if (found) return found;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
}

/**
 * Downloads a version from npm, or else from PyPI, whose packages contain the library only
 * recently.
 */
async function download(version: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const pack = await run("npm", ["pack", `onnxruntime-node@${version}`], { cwd: folder });
  if (pack.success) {
    const archive = `onnxruntime-node-${version}.tgz`;
    const inside = ["--wildcards", "package/bin/*/linux/x64/*"];
    await run("tar", ["xzf", archive, ...inside], { cwd: folder });
    return await Deno.remove(join(folder, archive));
  }
  const pip = ["-m", "pip", "install", "--no-deps", "--target", folder, `onnxruntime==${version}`];
  const { success, output } = await run("python3", pip);
  if (!success) throw new Error(`cannot download ${version} from npm or PyPI: ${output}`);
}

async function testVersion(version: string, library: string): Promise<Result> {
  const env = { ORT_DYLIB_PATH: library };
  const folders = ["tests/ffi", "tests/runtime", "tests/devices"];
  const tests = await run(Deno.execPath(), ["test", "-A", "--quiet", "--no-check", ...folders], {
    cwd: ROOT,
    env,
  });
  const [, passed = "0", failed = "0"] = /(\d+) passed.*? \| (\d+) failed/.exec(tests.output) ?? [];
  const flags = [
    "run",
    "-A",
    "--no-check",
    "scripts/selftest.ts",
    "--batches=1",
    "--ort_lib",
    library,
  ];
  const selftest = await run(Deno.execPath(), flags, { cwd: ROOT });
  return {
    version,
    passed: Number(passed),
    failed: Number(failed),
    failures: [...tests.output.matchAll(/^(.*?) \.\.\. FAILED/gm)].map(([, name]) => name),
    networks: selftest.success ? "all" : selftest.output.trim().split("\n").at(-1)!,
  };
}

const folder = Deno.env.get("PARATAA_ORT_VERSIONS");
if (folder === undefined) {
  console.error("PARATAA_ORT_VERSIONS is not set, wanted a folder of ONNX Runtime libraries");
  Deno.exit(2);
}
const wanted = Deno.args.filter((arg) => !arg.startsWith("--"));
let failed = false;
console.log("version   passed  failed  embedded networks");
for (const version of wanted.length > 0 ? wanted : VERSIONS) {
  const home = join(resolve(folder), version);
  if (Deno.args.includes("--download") && !await findLibrary(home)) await download(version, home);
  const library = await findLibrary(home);
  if (library === undefined) {
    console.log(`${version.padEnd(8)}  not in ${home}; --download fetches it`);
    failed = true;
    continue;
  }
  const result = await testVersion(version, library);
  failed ||= result.failed > 0 || result.passed === 0 || result.networks !== "all";
  console.log(
    version.padEnd(8) + String(result.passed).padStart(8) + String(result.failed).padStart(8) +
      `  ${result.networks}`,
  );
  for (const name of result.failures) console.log(`          ${name}`);
}
Deno.exit(failed ? 1 : 0);
