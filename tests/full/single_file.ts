/**
 * The single file on a machine that has a shell, ten basic tools and the C++ library, and no Deno,
 * no Node, no variables and no network: a root folder of its own, which only root can enter.
 * PARATAA_FILE names a file to test; by default one is made, which takes a minute.
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { packageFile } from "../../scripts/package/main.ts";
import type { Manifest } from "../../src/runs/manifest.ts";
import { ROOT, runScript } from "../support/run_script.ts";

/** All that the stub uses, and what ONNX Runtime is linked with. */
const TOOLS = ["sh", "gzip", "tail", "head", "mktemp", "mkdir", "rm", "chmod", "ls", "wc", "id"];
const LIBRARY = join(
  ROOT,
  "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1",
);

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
const root = isRoot ? await Deno.makeTempDir({ prefix: "parataa-root-" }) : "";

async function text(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function addToRoot(path: string, to = path): Promise<void> {
  await Deno.mkdir(join(root, dirname(to)), { recursive: true });
  await Deno.copyFile(path, join(root, to));
}

async function makeRoot(): Promise<void> {
  for (const folder of ["dev", "proc", "tmp", "bin", "work"]) await Deno.mkdir(join(root, folder));
  const needing = [Deno.execPath(), LIBRARY];
  for (const tool of TOOLS) {
    const path = await Deno.realPath(await text("sh", "-c", `command -v ${tool}`));
    await addToRoot(path, `bin/${tool}`);
    needing.push(path);
  }
  for (const path of needing) {
    const linked = (await text("ldd", path)).match(/\/\S+/g) ?? [];
    for (const library of linked) if (!library.endsWith(":")) await addToRoot(library);
  }
  const given = Deno.env.get("PARATAA_FILE");
  if (given) await Deno.copyFile(given, join(root, "bin/parataa"));
  else await packageFile(join(root, "bin/parataa"));
  await Deno.chmod(join(root, "bin/parataa"), 0o755);
}

interface Result {
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/**
 * Runs a line in the root folder; neither PATH nor HOME is set, and there is no network but a dead
 * loopback. `setup` comes first.
 */
async function inRoot(words: readonly string[], setup = "true"): Promise<Result> {
  const mounts = `mount -t proc proc '${root}/proc' && mount --rbind /dev '${root}/dev'`;
  const script =
    `${mounts} && ${setup} && exec env -i "$(command -v chroot)" '${root}' /bin/sh -c 'cd /work; exec "$@"' sh "$@"`;
  const started = performance.now();
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--mount", "--net", "sh", "-c", script, "sh", ...words],
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  const seconds = (performance.now() - started) / 1000;
  return { code, stdout: decode(stdout), stderr: decode(stderr), seconds };
}

const parataa = (...words: string[]) => inRoot(["/bin/parataa", ...words]);

async function sampled(...words: string[]): Promise<{ manifest: Manifest; result: Result }> {
  const result = await parataa(...words, "--quiet");
  assert.equal(result.code, 0, `${words}: ${result.stderr}`);
  const manifest = join(root, "work", result.stdout, "manifest.json");
  return { manifest: JSON.parse(await Deno.readTextFile(manifest)), result };
}

Deno.test("the single file runs every command offline, without Deno, Node, PATH or HOME", {
  ignore: !isRoot,
}, async (t) => {
  await makeRoot();
  await t.step("is at most 90 MB", async () => {
    const { size } = await Deno.stat(join(root, "bin/parataa"));
    console.log(`${(size / 1e6).toFixed(1)} MB`);
    assert.ok(size <= 90e6);
  });
  await t.step("starts, first and later", async () => {
    const first = await parataa("--version");
    assert.match(first.stdout, /^parataa \d/, first.stderr);
    assert.match(
      first.stderr,
      /^parataa: unpacking into \/tmp\/parataa-0\/\w+, once \(neither XDG_CACHE_HOME nor HOME is set\)$/,
    );
    const later = await parataa("--help");
    assert.equal(later.stderr, "");
    console.log(`first start ${first.seconds.toFixed(2)} s, later ${later.seconds.toFixed(2)} s`);
  });
  await t.step("samples the bytes that the scripts do", async () => {
    const cases: [command: string, script: string, args: string[]][] = [
      ["dit", "parallel_dit", ["--timesteps=10", "--num_samples=1", "--devices=cpu:2"]],
      ["flow", "parallel_flow", ["--timesteps=10", "--num_samples=1"]],
      ["sd", "parallel_sd", ["--timesteps=10", "--num_samples=1"]],
      ["sd-winit", "parallel_sd_winit", ["--timesteps=10", "--variation_steps=5"]],
    ];
    for (const [command, script, args] of cases) {
      const { manifest, result } = await sampled(command, ...args);
      console.log(`${command}: ${result.seconds.toFixed(2)} s`);
      const out = await Deno.makeTempDir();
      const own = await runScript(`scripts/${script}.ts`, [...args, "--quiet", "-o", out]);
      assert.equal(own.code, 0, own.stderr);
      const wanted: Manifest = JSON.parse(
        await Deno.readTextFile(join(own.stdout.trim(), "manifest.json")),
      );
      for (const [name, digest] of Object.entries(wanted.outputs)) {
        if (/\.(png|safetensors)$/.test(name)) {
          assert.deepEqual(manifest.outputs[name], digest, name);
        }
      }
      assert.equal(manifest.library.sha256, wanted.library.sha256);
      await Deno.remove(out, { recursive: true });
      const verified = await parataa("verify", result.stdout);
      assert.equal(verified.code, 0, verified.stderr);
    }
  });
  await t.step(
    "takes a library beside it or --ort_lib in the place of its own, and repairs a truncated one",
    async () => {
      const short = ["dit", "--timesteps=2", "--num_samples=1"];
      const [folder] = (await text("sh", "-c", `ls -d ${root}/tmp/parataa-0/????????????????`))
        .split("\n");
      await Deno.truncate(join(folder, "libonnxruntime.so.1"), 1_000_000);
      const repaired = await sampled(...short);
      assert.match(repaired.result.stderr, /unpacking into/);
      assert.equal(
        repaired.manifest.library.path,
        join(folder, "libonnxruntime.so.1").slice(root.length),
      );
      await addToRoot(LIBRARY, "work/mine.so");
      assert.equal(
        (await sampled(...short, "--ort_lib", "mine.so")).manifest.library.path,
        "/work/mine.so",
      );
      await addToRoot(LIBRARY, "bin/libonnxruntime.so");
      assert.equal((await sampled(...short)).manifest.library.path, "/bin/libonnxruntime.so");
      await Deno.remove(join(root, "bin/libonnxruntime.so"));
    },
  );
  await t.step("finds what ships by the names of the examples", async () => {
    for (
      const words of [
        ["inspect", "models/dit-emoji"],
        ["doctor", "--model_path=models/dit-emoji"],
        ["experiment", "scripts/experiments/window.json", "--dry_run"],
      ]
    ) {
      const { code, stderr } = await parataa(...words);
      assert.equal(code, 0, `${words}: ${stderr}`);
    }
  });
  await t.step("refuses with the documented exit codes", async () => {
    assert.equal((await parataa("dti")).code, 2);
    assert.equal((await parataa("dit", "--seed=x")).code, 2);
    assert.equal((await parataa("dit", "-m", "nosuch")).code, 3);
    assert.equal((await parataa("dit", "--ort_lib", "nosuch.so")).code, 7);
    assert.equal((await parataa("dit", "--provider=cuda", "--timesteps=2")).code, 7);
  });
  await t.step("says that the disk is full, with exit code 5", async () => {
    // Full before Deno is unpacked, and while Deno unpacks the rest.
    for (const size of ["60m", "150m"]) {
      const full = `mount -t tmpfs -o size=${size} tmpfs '${root}/tmp'`;
      const { code, stderr } = await inRoot(["/bin/parataa", "--version"], full);
      assert.equal(code, 5);
      assert.match(
        stderr,
        /\nparataa: E_IO: cannot unpack into \S+: .*No space left on device.* - name a folder/,
        size,
      );
    }
  });
  await Deno.remove(root, { recursive: true });
});
