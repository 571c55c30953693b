import assert from "node:assert/strict";
import { join } from "node:path";
import { launcherText, windowsLauncherText } from "../../../scripts/package/stub.ts";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { quoteWord } from "../../../src/text.ts";
import config from "../../../deno.json" with { type: "json" };
import { ROOT, runScript } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const LAUNCHER = join(ROOT, "parataa");
const ON_POSIX = { ignore: Deno.build.os === "windows" };

interface Started {
  code: number;
  stdout: string;
  stderr: string;
}

async function start(
  file: string,
  args: readonly string[],
  options: Deno.CommandOptions,
): Promise<Started> {
  const { code, stdout, stderr } = await new Deno.Command(file, { ...options, args: [...args] })
    .output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** A folder for PATH in which each of `programs` prints its name and its words, a line each. */
async function fakePrograms(folder: string, programs: readonly string[]): Promise<string> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  for (const name of programs) {
    const text = `#!/bin/sh\nprintf '%s\\n' ${name} "$@"\n`;
    await Deno.writeTextFile(join(bin, name), text, { mode: 0o755 });
  }
  const { stdout } = await start("/bin/sh", ["-c", "command -v readlink"], {});
  await Deno.symlink(stdout, join(bin, "readlink"));
  return bin;
}

Deno.test("parataa equals launcherText(): deno run -A scripts/package/launcher.ts", async () => {
  assert.equal(await Deno.readTextFile(LAUNCHER), await launcherText());
});

Deno.test("parataa.cmd equals windowsLauncherText() and names the permission sets of deno.json", async () => {
  const text = await Deno.readTextFile(join(ROOT, "parataa.cmd"));
  assert.equal(text, await windowsLauncherText());
  const [, names] = /in \((.*)\) do/.exec(text)!;
  assert.deepEqual(names.split(" ").toSorted(), Object.keys(config.permissions).toSorted());
});

Deno.test("parataa is executable, for its owner in a clone with umask 077", ON_POSIX, async () => {
  assert.equal((await Deno.stat(LAUNCHER)).mode! & 0o100, 0o100);
});

/** Permissions that the launcher gives to a line, the project's folder as `ROOT/`. */
async function granted(
  cwd: string,
  bin: string,
  args: readonly string[],
  left = args,
): Promise<string[]> {
  const env = { PATH: bin };
  const { stdout, stderr } = await start(LAUNCHER, args, { clearEnv: true, env, cwd });
  assert.equal(stderr, "");
  const words = stdout.split("\n").map((word) => word.replace(ROOT, "ROOT/"));
  const script = words.indexOf("ROOT/scripts/launched.ts");
  assert.deepEqual(words.slice(0, 4), ["deno", "run", "--no-prompt", "--config=ROOT/deno.json"]);
  assert.deepEqual(words.slice(script + 2), left);
  return words.slice(4, script);
}

Deno.test(
  "parataa grants exactly the permissions of the command and the paths of its line",
  ON_POSIX,
  () =>
    withTempFolder(async (folder) => {
      const bin = await fakePrograms(folder, ["deno"]);
      const of = (...args: string[]) => granted(folder, bin, args);
      const inspect = ["--allow-read=output", "--allow-read=ROOT/models"];
      assert.deepEqual(await of("inspect", "--tensors", "a b"), [...inspect, "--allow-read=a b"]);
      assert.deepEqual(await of("inspect", "--", "-x"), [...inspect, "--allow-read=-x"]);
      // Weights lie beside an index of shards and beside a network.
      assert.deepEqual(await of("inspect", "/x/a.index.json"), [...inspect, "--allow-read=/x/"]);
      assert.deepEqual(await of("inspect", "a.onnx"), [...inspect, "--allow-read=."]);
      assert.deepEqual(await of("help"), []);
      assert.deepEqual(await of(), []);
      const dit = [
        ...["--allow-ffi", "--allow-read=output", "--allow-write=output"],
        ...["models", "src", "ffi", "node_modules"].map((path) => `--allow-read=ROOT/${path}`),
      ];
      assert.deepEqual(await of("dit"), dit);
      const words = await granted(folder, bin, ["--allow-read=/y z", "dit"], ["dit"]);
      assert.deepEqual(words.toSorted(), [...dit, "--allow-read=/y z"].toSorted());
      const both = ["--allow-read=/x", "--allow-write=/x"];
      const lines: [words: string[], more: string[]][] = [
        [["-o", "/x"], both],
        [["-o/x"], both],
        [["--output-path=/x"], both],
        [["--resume", "/x"], both],
        [["-m", "/x"], ["--allow-read=/x"]],
        [["--model_path=/x"], ["--allow-read=/x"]],
        // A snapshot of Hugging Face's cache is links to blobs.
        [["-m", "/h/snapshots/0a"], ["--allow-read=/h/snapshots/0a", "--allow-read=/h/blobs"]],
        [["--seed", "/x"], []],
        [["--devices", "cpu:1"], []],
        [["--devices", "cpu:1,grpc://a:1/m*2,grpcs://[::1]:2/m"], ["--allow-net=a:1,[::1]:2"]],
        [["--devices=grpc://a:1/m"], ["--allow-net=a:1"]],
        [["--device_headers", "/x"], ["--allow-read=/x"]],
        [["/x"], []],
        // Deno parts lists at commas: the folder above is allowed instead.
        [["-m", "/x/a,b"], ["--allow-read=/x"]],
      ];
      // A LoRA's scale follows its name.
      const convert = [
        ...["--allow-read=models", "--allow-write=models", "--allow-read=ROOT/models"],
      ];
      assert.deepEqual(await of("convert", "sd", "--lora", "/x/a:0.8"), [
        ...convert,
        ...["--allow-read=/x/a:0.8", "--allow-read=/x/a"],
      ]);
      for (const [words, more] of lines) {
        assert.deepEqual(await of("dit", ...words), [...dit, ...more], words.join(" "));
      }
    }),
);

Deno.test("parataa runs every command", ON_POSIX, () =>
  withTempFolder(async (folder) => {
    const bin = await fakePrograms(folder, ["deno"]);
    for (const [name, { permissions }] of Object.entries(COMMANDS)) {
      const kinds = (await granted(folder, bin, [name])).map((flag) => flag.split("=")[0]);
      const wanted = Object.keys(permissions).map((kind) => `--allow-${kind}`);
      assert.deepEqual(new Set(kinds), new Set(wanted), name);
    }
  }));

Deno.test(
  "parataa uses npx without Deno, and reports that neither exists",
  ON_POSIX,
  () =>
    withTempFolder(async (folder) => {
      const bin = await fakePrograms(folder, ["npx"]);
      const options = { clearEnv: true, env: { PATH: bin }, cwd: folder };
      const { stdout } = await start(LAUNCHER, ["help"], options);
      assert.deepEqual(stdout.split("\n").slice(0, 4), ["npx", "-y", "deno@2", "run"]);
      await Deno.remove(join(bin, "npx"));
      const neither = await start(LAUNCHER, ["help"], options);
      assert.equal(neither.code, 7);
      assert.match(neither.stderr, /^parataa: E_RUNTIME: neither deno nor npx is in PATH - /);
    }),
);

Deno.test(
  "parataa runs from any folder and through links, and names itself as started",
  ON_POSIX,
  () =>
    withTempFolder(async (folder) => {
      const [away, bin] = [join(folder, "a b"), join(folder, "bin")];
      for (const path of [away, bin]) await Deno.mkdir(path);
      await Deno.symlink(LAUNCHER, join(away, "first"));
      await Deno.symlink("../a b/first", join(bin, "pt"));
      await Deno.writeTextFile(join(away, "two words.json"), "{}");
      const file = await start("./first", ["inspect", "two words.json"], { cwd: away });
      assert.deepEqual([file.code, file.stderr], [0, ""]);
      assert.match(file.stdout, /^two words\.json: JSON/);
      // Deno's own folder follows, for the launcher to find it.
      const PATH = `${bin}:${join(Deno.execPath(), "..")}:/usr/bin:/bin`;
      const named = await start("sh", ["-c", "pt help inspect; pt inspect ../no"], {
        cwd: away,
        env: { PATH },
      });
      assert.match(named.stdout, /Example: pt inspect models\/dit-emoji/);
      assert.match(named.stderr, /^parataa: E_USAGE: there is no file or folder \.\.\/no/);
      const typed = await start("sh", ["-c", "./first help inspect"], { cwd: away });
      assert.match(typed.stdout, /Example: \.\/first inspect models\/dit-emoji/);
    }),
);

Deno.test(
  "a script without permission for a path prints a line that grants it, and leaves nothing",
  ON_POSIX,
  () =>
    withTempFolder(async (folder) => {
      const [model, out] = [join(folder, "my model"), join(folder, "out")];
      await Deno.symlink(join(ROOT, "models/dit-emoji"), model);
      const args = ["-o", out, "-m", model, "--timesteps=2", "--num_samples=1", "--quiet"];
      const refused = await runScript("scripts/parallel_dit.ts", args, {
        permissions: ["--quiet", "-P=dit"],
      });
      assert.equal(refused.code, 4);
      const line = /^parataa: E_PERMISSION: .*\(--allow-write\): run (.*)$/.exec(
        refused.stderr.trim(),
      );
      assert.ok(line, refused.stderr);
      assert.equal(
        line[1],
        `./parataa dit -o ${quoteWord(out)} -m ${
          quoteWord(model)
        } --timesteps=2 --num_samples=1 --quiet`,
      );
      await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
      const granted = await start("sh", ["-c", line[1]], { cwd: ROOT });
      assert.equal(granted.code, 0, granted.stderr);
      assert.ok(granted.stdout.startsWith(join(out, "DiT-")), granted.stdout);
    }),
);
