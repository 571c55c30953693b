import assert from "node:assert/strict";
import { join } from "node:path";
import { bundle } from "../../../scripts/package/contents.ts";
import { packageBytes } from "../../../scripts/package/main.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

/** Prints what it was given and what it may do; stands for the bundle. */
const PROGRAM = `
const state = (name, path) => Deno.permissions.querySync(path ? { name, path } : { name }).state;
const readable = (v) => Deno.permissions.querySync({ name: "env", variable: v }).state === "granted";
const variable = (v) => readable(v) ? Deno.env.get(v) : null;
const asked = ["out", "elsewhere", "model,1", "beside/x"].map((p) => [p, state("read", p), state("write", p)].join());
console.log(JSON.stringify({
  args: Deno.args, cwd: Deno.cwd(), own: state("read", import.meta.dirname), ffi: state("ffi"), env: state("env"),
  net: state("net"), run: state("run"), asked, library: variable("ORT_DYLIB_PATH"),
}));`;

const CASES = `  dit)
    flags='\n--allow-ffi\n--allow-read=out\n--allow-write=out' env='A' native=1 operands=
    reads='--model_path --model-path -m' writes='--output_path --output-path -o' ;;
  show) flags= env= native= operands=1 reads= writes= ;;`;

const unpacker = await bundle("scripts/package/unpack.ts");

/** A single file with everything but the sizes: Deno is a script that starts this one. */
async function tinyFile(): Promise<Uint8Array> {
  const text = (content: string) => new TextEncoder().encode(content);
  const files = new Map([
    ["deno", text(`#!/bin/sh\nexec '${Deno.execPath()}' "$@"\n`)],
    ["deno.json", text("{}")],
    ["src/cli/parataa.js", text(PROGRAM)],
    ["models/weights", new Uint8Array(100_000).map((_, i) => i * i >> 3)],
  ]);
  return await packageBytes({ files, unpacker, cases: CASES });
}

const file = await tinyFile();

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

interface Place {
  /** Holds `bin/parataa`, `cache` and `tmp`; also where it is started. */
  folder: string;
  /** Starts the file in an empty environment, but for its cache. */
  start(args?: readonly string[], env?: Record<string, string>): Promise<Result>;
  /** The unpacked folder. */
  unpacked(cache?: string): Promise<string>;
}

function withFile(test: (place: Place) => Promise<void>, bytes: Uint8Array = file): Promise<void> {
  return withTempFolder(async (folder) => {
    for (const name of ["bin", "cache", "tmp"]) await Deno.mkdir(join(folder, name));
    await Deno.writeFile(join(folder, "bin/parataa"), bytes, { mode: 0o755 });
    const start = async (args: readonly string[] = [], env?: Record<string, string>) => {
      const command = new Deno.Command(join(folder, "bin/parataa"), {
        args: [...args],
        cwd: folder,
        clearEnv: true,
        env: { TMPDIR: join(folder, "tmp"), ...env ?? { XDG_CACHE_HOME: join(folder, "cache") } },
      });
      const { code, stdout, stderr } = await command.output();
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
      return { code, stdout: decode(stdout), stderr: decode(stderr) };
    };
    const unpacked = async (cache = "cache/parataa") => {
      // The hash depends on the path of Deno: it may sort before or after `deno`.
      const isUnpacked = (name: string) => /^[0-9a-f]{16}$/.test(name);
      const { found = [], others } = Object.groupBy(
        await list(join(folder, cache)),
        (name) => isUnpacked(name) ? "found" : "others",
      );
      assert.deepEqual(others?.toSorted(), [".lock", "deno"], "nothing is left over");
      assert.equal(found.length, 1);
      return join(folder, cache, found[0]);
    };
    await test({ folder, start, unpacked });
  });
}

async function list(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}

const ON_LINUX = { ignore: Deno.build.os !== "linux" };
const UNPACKING = /^parataa: unpacking into .+\/cache\/parataa\/[0-9a-f]{16}, once$/;

Deno.test(
  "stub.sh unpacks once, and passes on its arguments and folder",
  ON_LINUX,
  () =>
    withFile(async ({ folder, start, unpacked }) => {
      const args = ["show", "a b", "", "*", "--x='y'", "line\nline"];
      const first = await start(args);
      assert.equal(first.code, 0, first.stderr);
      assert.match(first.stderr, UNPACKING);
      const said = JSON.parse(first.stdout);
      assert.deepEqual(said.args, args);
      assert.equal(said.cwd, await Deno.realPath(folder));
      const mark = join(await unpacked(), ".complete");
      const { mtime } = await Deno.stat(mark);
      const again = await start(args);
      assert.deepEqual(again, { ...first, stderr: "" });
      assert.deepEqual((await Deno.stat(mark)).mtime, mtime);
    }),
);

Deno.test(
  "stub.sh repairs a cache with a missing, cut or changed file, or without its mark",
  ON_LINUX,
  () =>
    withFile(async ({ start, unpacked }) => {
      const whole = await start(["show"]);
      const weights = join(await unpacked(), "models/weights");
      const bytes = await Deno.readFile(weights);
      const faults: Record<string, () => Promise<void>> = {
        lost: () => Deno.remove(weights),
        cut: () => Deno.truncate(weights, 50_000),
        changed: () => Deno.writeFile(weights, bytes.with(7, bytes[7] ^ 1)),
        "changed and dated back": async () => {
          await Deno.truncate(weights, 50_001);
          await Deno.utime(weights, 0, 0);
        },
        "never finished": async () => Deno.remove(join(await unpacked(), ".complete")),
        "without Deno": async () => Deno.remove(join(await unpacked(), "deno")),
        "a link in the place of a file": async () => {
          await Deno.rename(weights, `${weights}-2`);
          await Deno.symlink(`${weights}-2`, weights);
          await Deno.remove(join(await unpacked(), ".complete"));
        },
      };
      for (const [what, damage] of Object.entries(faults)) {
        await damage();
        const repaired = await start(["show"]);
        assert.equal(repaired.stdout, whole.stdout, `${what}: ${repaired.stderr}`);
        assert.match(repaired.stderr, UNPACKING, what);
        assert.deepEqual(await Deno.readFile(weights), bytes, what);
        assert.ok((await Deno.lstat(weights)).isFile, what);
        assert.equal((await start(["show"])).stderr, "", what);
      }
    }),
);

Deno.test(
  "stub.sh supports concurrent starts and leftovers of a killed one",
  ON_LINUX,
  () =>
    withFile(async ({ folder, start, unpacked }) => {
      const stale = join(folder, "cache/parataa/.new-killed");
      await Deno.mkdir(stale, { recursive: true });
      await Deno.utime(stale, 0, 0);
      const results = await Promise.all(Array.from({ length: 4 }, () => start(["show"])));
      for (const { code, stdout, stderr } of results) {
        assert.equal(code, 0, stderr);
        assert.equal(stdout, results[0].stdout);
      }
      await unpacked();
    }),
);

Deno.test(
  "stub.sh refuses a damaged file with exit code 5 and leaves no files",
  ON_LINUX,
  async () => {
    const at = Math.round(file.length * 0.95);
    const cases: [what: string, bytes: Uint8Array][] = [
      ["cut", file.subarray(0, file.length - 20)],
      ["cut early", file.subarray(0, at)],
      ["a bit flipped", file.with(at, file[at] ^ 1)],
      ["the last byte but nine", file.with(file.length - 9, file[file.length - 9] ^ 1)],
    ];
    for (const [what, bytes] of cases) {
      await withFile(async ({ folder, start }) => {
        const { code, stdout, stderr } = await start(["show"]);
        assert.equal(code, 5, `${what}: ${stderr}`);
        assert.equal(stdout, "");
        assert.match(
          stderr,
          /\nparataa: E_IO: cannot unpack into .+: .+ - set XDG_CACHE_HOME/,
          what,
        );
        for (const base of ["cache/parataa", "tmp"]) {
          const left = (await list(join(folder, base))).filter((name) =>
            !name.startsWith("parataa-")
          );
          assert.deepEqual(left.filter((name) => name !== ".lock"), [], what);
        }
      }, bytes);
    }
  },
);

Deno.test("stub.sh cut inside itself runs nothing", ON_LINUX, async () => {
  for (const part of [0.1, 0.3, 0.5]) {
    await withFile(async ({ folder, start }) => {
      assert.notEqual((await start(["show"])).code, 0);
      assert.deepEqual(await list(join(folder, "cache")), []);
    }, file.subarray(0, file.length * part));
  }
});

Deno.test(
  "stub.sh uses and reports the temporary folder if HOME is missing or read-only",
  ON_LINUX,
  () =>
    withFile(async ({ folder, start, unpacked }) => {
      const none = await start(["show"], {});
      assert.equal(none.code, 0, none.stderr);
      assert.match(none.stderr, /once \(neither XDG_CACHE_HOME nor HOME is set\)$/);
      const temporary = `tmp/parataa-${Deno.uid()}`;
      assert.equal((await Deno.stat(join(folder, temporary))).mode! & 0o777, 0o700);
      await Deno.remove(join(folder, temporary), { recursive: true });
      const readOnly = await start(["show"], { HOME: "/proc/self" });
      assert.equal(readOnly.stdout, none.stdout);
      assert.match(
        readOnly.stderr,
        /^parataa: unpacking into .+\/tmp\/parataa-\d+\/\w+, once \(\/proc\/self\/\.cache\/parataa: it cannot be created\)$/,
      );
      assert.equal((await start(["show"], { HOME: "/proc/self" })).stderr, "");
      await unpacked(temporary);
      // A home that can be written is better, whatever lies elsewhere.
      const home = await start(["show"], { HOME: join(folder, "cache") });
      assert.match(home.stderr, /\/cache\/\.cache\/parataa\/\w+, once$/);
    }),
);

Deno.test(
  "stub.sh runs nothing from a link or a temporary folder that others can write",
  ON_LINUX,
  () =>
    withFile(async ({ folder, start }) => {
      const planted = join(folder, `tmp/parataa-${Deno.uid()}`);
      await Deno.mkdir(planted);
      await Deno.chmod(planted, 0o777);
      const open = await start(["show"], {});
      assert.equal(open.code, 5);
      assert.match(
        open.stderr,
        /^parataa: E_IO: cannot unpack into .+: it is not a folder of mode 0700/,
      );
      await Deno.remove(planted);
      await Deno.mkdir(join(folder, "elsewhere"), { mode: 0o700 });
      await Deno.symlink(join(folder, "elsewhere"), planted);
      assert.equal((await start(["show"], {})).code, 5);
      assert.deepEqual(await list(join(folder, "elsewhere")), []);
    }),
);

Deno.test(
  "stub.sh grants exactly the permissions of the command and the paths of its line",
  ON_LINUX,
  () =>
    withFile(async ({ start }) => {
      const asked = async (...args: string[]) => {
        const { stdout, stderr } = await start(args);
        assert.ok(stdout, stderr);
        const { asked, own, ffi, env, net, run } = JSON.parse(stdout);
        return { asked: asked.join(" "), rest: [own, ffi, env, net, run].join(" ") };
      };
      const [yes, no] = ["granted", "prompt"];
      assert.deepEqual(await asked("show"), {
        asked: `out,${no},${no} elsewhere,${no},${no} model,1,${no},${no} beside/x,${no},${no}`,
        rest: `${no} ${no} ${no} ${no} ${no}`,
      });
      assert.deepEqual((await asked("dit")).rest, `${yes} ${yes} ${no} ${no} ${no}`);
      assert.match((await asked("dit")).asked, /^out,granted,granted elsewhere,prompt,prompt /);
      for (
        const words of [["-oelsewhere"], ["-o", "elsewhere"], ["--output_path=elsewhere"], [
          "--output-path",
          "elsewhere",
        ]]
      ) {
        assert.match(
          (await asked("dit", ...words)).asked,
          /elsewhere,granted,granted model,1,prompt/,
          `${words}`,
        );
      }
      assert.match((await asked("dit", "-m", "elsewhere")).asked, /elsewhere,granted,prompt model/);
      assert.match(
        (await asked("dit", "--seed", "elsewhere")).asked,
        /elsewhere,prompt,prompt model/,
      );
      // Deno parts lists at commas: the folder above is allowed instead.
      assert.match((await asked("dit", "-m", "model,1")).asked, /model,1,granted,prompt beside/);
      assert.match((await asked("show", "beside/x")).asked, /beside\/x,granted,prompt$/);
      assert.match((await asked("dit", "beside/x")).asked, /beside\/x,prompt,prompt$/);
      assert.equal((await asked("nosuch")).rest, `${no} ${no} ${no} ${no} ${no}`);
    }),
);

Deno.test(
  "stub.sh uses a library beside it, unless ORT_DYLIB_PATH is set",
  ON_LINUX,
  () =>
    withFile(async ({ folder, start }) => {
      const library = async (env: Record<string, string> = {}) =>
        JSON.parse((await start(["dit"], { HOME: folder, ...env })).stdout).library;
      assert.equal(await library(), null);
      await Deno.writeTextFile(join(folder, "bin/libonnxruntime.so"), "");
      assert.equal(await library(), join(folder, "bin/libonnxruntime.so"));
      assert.equal(await library({ ORT_DYLIB_PATH: "/a/b.so" }), "/a/b.so");
      assert.equal(JSON.parse((await start(["show"], { HOME: folder })).stdout).library, null);
    }),
);
