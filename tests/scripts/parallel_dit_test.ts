import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, runScript } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "../support/tiny_dit.ts";

const SCRIPT = "scripts/parallel_dit.ts";

function withModel<T>(options: TinyDitOptions, test: (folder: string) => Promise<T>): Promise<T> {
  return withTempFolder(async (folder) => {
    await writeTinyDit(folder, options);
    return await test(folder);
  });
}

/** Short arguments on the tiny model in `folder`. */
const tiny = (
  folder: string,
) => [
  "-m",
  join(folder, "tiny-dit"),
  "-o",
  join(folder, "out"),
  "--timesteps=4",
  "--num_samples=1",
];

async function names(folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const entry of Deno.readDir(folder)) found.add(entry.name);
  return found;
}

Deno.test("parallel_dit.ts exits with the documented code and one line on standard error", () =>
  withModel({}, async (folder) => {
    const model = join(folder, "tiny-dit");
    const network = join(model, "transformer/model.onnx");
    const bytes = await Deno.readFile(network);
    const spoil = (content: Uint8Array | string) => async () => {
      await Deno.writeFile(
        network,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    };
    const cases: [
      name: string,
      prepare: () => unknown,
      args: string[],
      code: number,
      line: RegExp,
    ][] = [
      [
        "unknown flag",
        () => {},
        ["--tmesteps=3"],
        2,
        /E_USAGE: unknown flag --tmesteps - did you mean --timesteps\?/,
      ],
      [
        "flag range",
        () => {},
        ["--eta=2"],
        2,
        /E_USAGE: --eta is "2" but takes a finite number, 0-1/,
      ],
      [
        "no folder",
        () => {},
        ["--vae_path=/nosuch"],
        3,
        /E_MODEL: there is no model folder \/nosuch/,
      ],
      [
        "foreign library",
        () => {},
        ["--ort_lib", join(ROOT, "deno.json")],
        7,
        /E_RUNTIME: .*deno\.json/,
      ],
      ["no library", () => {}, ["--ort_lib=/nosuch.so"], 7, /E_RUNTIME: .*\/nosuch\.so/],
      [
        "no CUDA",
        () => {},
        ["--provider=cuda"],
        7,
        /E_RUNTIME: .*(no NVIDIA driver|libonnxruntime_providers_)/,
      ],
      [
        "full or read-only disk",
        () => Deno.symlink("/proc/1", join(folder, "out")),
        [],
        5,
        /E_IO: cannot make the folder/,
      ],
      ["garbage", spoil("no model at all"), [], 3, /E_MODEL: .*transformer\/model\.onnx/],
      [
        "empty",
        spoil(""),
        [],
        3,
        /E_FORMAT: .*transformer\/model\.onnx: an empty file, wanted an ONNX/,
      ],
      [
        "truncated",
        spoil(bytes.subarray(0, bytes.length / 2)),
        [],
        3,
        /E_MODEL: .*transformer\/model\.onnx/,
      ],
      ["missing", () => Deno.remove(network), [], 3, /E_MODEL: .*lacks transformer\/model\.onnx/],
    ];
    for (const [name, prepare, args, code, line] of cases) {
      await prepare();
      const result = await runScript(SCRIPT, [...tiny(folder), ...args]);
      assert.equal(result.code, code, `${name}: ${result.stderr}`);
      assert.match(result.stderr, /^parataa: E_[A-Z]+: /, name);
      assert.match(result.stderr, line, name);
      assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
      if (name.startsWith("full")) await Deno.remove(join(folder, "out"));
      else await assert.rejects(Deno.stat(join(folder, "out")), Deno.errors.NotFound, name);
    }
  }));

Deno.test("parallel_dit.ts prints its help without a library or a permission", async () => {
  const { code, stdout, stderr } = await runScript(SCRIPT, ["--help"], { permissions: [] });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /--timesteps N [^[]*\[1-1000; default 100\]/);
  const version = await runScript(SCRIPT, ["--version"], { permissions: [] });
  assert.match(version.stdout, /^parataa \d+\.\d+\.\d+ \(Deno /);
});

Deno.test("parallel_dit.ts --json prints one object per line", () =>
  withModel({}, async (folder) => {
    const { stdout, stderr } = await runScript(SCRIPT, [...tiny(folder), "--json"]);
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(stderr, "");
    assert.equal(events.at(-1).event, "run");
    assert.equal(events.at(-2).event, "sample");
    const rounds = events.filter((event) => event.event === "round");
    assert.equal(rounds.length, events.at(-1).rounds);
    assert.equal(rounds.at(-1).finishedIndex, 0);
  }));

Deno.test("parallel_dit.ts stops on SIGINT with exit code 130 and records that in the manifest", () =>
  withModel({}, async (folder) => {
    const args = [
      ...tiny(folder).filter((arg) => !arg.startsWith("--num")),
      "--num_samples=100000",
      "--json",
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "-A", join(ROOT, SCRIPT), ...args],
      cwd: ROOT,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // The first line is the first round: by then the run is under way.
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGINT");
    const drain = (async () => {
      while (!(await reader.read()).done);
    })();
    const [status, stderr] = await Promise.all([
      child.status,
      new Response(child.stderr).text(),
      drain,
    ]);
    assert.equal(status.code, 130, stderr);
    assert.match(
      stderr,
      /^parataa: E_INTERRUPTED: stopped by a signal - deno task dit --resume .* resumes it/,
    );
    const [run] = await names(join(folder, "out"));
    const manifest = JSON.parse(await Deno.readTextFile(join(folder, "out", run, "manifest.json")));
    assert.equal(manifest.status, "interrupted");
  }));
