import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../../src/cli/commands/commands.ts";
import { permissionFlags } from "../../../src/arguments/permissions.ts";
import { bytesOf, COMMIT, type FakeHub, withHub } from "../../support/hub_server.ts";
import { quoteWord } from "../../../src/text.ts";
import { ROOT, runScript, type ScriptResult } from "../../support/run_script.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const FILES = {
  "config.json": "{}",
  "diffusion_pytorch_model.safetensors": bytesOf(3000),
  "README.md": "",
};

interface Place {
  hub: FakeHub;
  folder: string;
  run: (...args: string[]) => Promise<ScriptResult>;
}

/** Runs `fetch` as its task does, in a folder of its own, from a hub on loopback. */
function withFetch(test: (place: Place) => Promise<void>): Promise<void> {
  return withTempFolder((folder) =>
    withHub(FILES, (hub) => {
      const net = [new URL(hub.endpoint).host, new URL(hub.storage).host];
      const permissions = permissionFlags({ ...COMMANDS.fetch.permissions, net });
      const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "hf_SECRET" };
      const run = (...args: string[]) =>
        runScript("scripts/fetch.ts", args, { cwd: folder, env, permissions });
      return test({ hub, folder, run });
    })
  );
}

Deno.test("fetch downloads into models/, suggests the next command, and lists files with --dry_run", () =>
  withFetch(async ({ folder, run }) => {
    const dry = await run("owner/name", "--dry_run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(
      dry.stdout,
      /^ +2 B {2}config\.json\n +3\.0 kB {2}diffusion_pytorch_model\.safetensors\n/,
    );
    const { code, stdout, stderr } = await run("owner/name");
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^owner\/name, main, commit 01234567: 2 files, 3\.0 kB, into models\/name\n/,
    );
    assert.match(
      stdout,
      /^models\/name\nnext: .*convert\S* dit .* --vae_path models\/name --output_path DIR\n$/,
    );
    const file = await Deno.readFile(
      join(folder, "models/name/diffusion_pytorch_model.safetensors"),
    );
    assert.deepEqual(file, FILES["diffusion_pytorch_model.safetensors"]);
    assert.equal((await run("owner/name", "--quiet")).stdout, "models/name\n");
  }));

Deno.test("fetch --json prints one object per line", () =>
  withFetch(async ({ run }) => {
    const { stdout, stderr } = await run("owner/name", "--json", "--include=*.json");
    assert.equal(stderr, "");
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(events.map(({ event }) => event), ["files", "file", "fetched"]);
    assert.equal(events[0].bytes, 2);
    assert.deepEqual(events[2], { event: "fetched", path: "models/name", commit: COMMIT });
  }));

Deno.test("fetch --cache_dir copies files into the snapshot if Deno permits no links", () =>
  withFetch(async ({ folder, run }) => {
    const { code, stdout, stderr } = await run("owner/name", "--cache_dir=models/hub");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /links cannot be created/);
    const [path] = stdout.split("\n");
    assert.equal(path, `models/hub/models--owner--name/snapshots/${COMMIT}`);
    assert.ok((await Deno.lstat(join(folder, path, "config.json"))).isFile);
    assert.equal((await run("owner/name", "--cache_dir=models/hub")).code, 0);
  }));

Deno.test("fetch reports every failure in one line with a documented exit code, never with the token", () =>
  withFetch(async ({ hub, run }) => {
    const ends: [args: string[], code: number, line: RegExp][] = [
      [["name"], 2, /E_USAGE: the repository is "name", wanted owner\/name/],
      [[], 2, /E_USAGE: fetch needs the name of a repository/],
      [["owner/other"], 2, /E_USAGE: owner\/other: not found on 127\.0\.0\.1:\d+, or private - /],
      [["owner/name", "--cache_dir=a", "-o", "b"], 2, /at most one/],
      [["owner/name", "--include=*.bin"], 2, /no file that --include names/],
      [["owner/name", "-o", "elsewhere"], 4, /E_PERMISSION: .*--allow-(read|write)/],
    ];
    for (const [args, code, line] of ends) {
      const result = await run(...args);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr.trim().split("\n").at(-1)!, line);
    }
    hub.handler = (_, response) => {
      response.writeHead(400).end();
      return true;
    };
    const refused = await run("owner/name", "--debug");
    assert.equal(refused.code, 8);
    assert.match(refused.stderr, /^parataa: E_NETWORK: owner\/name: 127.* status 400/);
    assert.doesNotMatch(refused.stderr + refused.stdout, /SECRET/);
  }));

Deno.test(
  "./parataa fetch may connect to the host of HF_ENDPOINT, and says how to allow another",
  {
    ignore: Deno.build.os === "windows",
  },
  () =>
    withFetch(async ({ hub, folder }) => {
      const launcher = quoteWord(`${ROOT}parataa`);
      const env = { HF_ENDPOINT: `${hub.endpoint}/`, NO_COLOR: "1" };
      const start = async (line: string) => {
        const options = { args: ["-c", line], env, cwd: folder };
        const { code, stderr } = await new Deno.Command("sh", options).output();
        return { code, said: new TextDecoder().decode(stderr).trim() };
      };
      const small = await start(`${launcher} fetch owner/name --include=config.json`);
      assert.equal(small.code, 0, small.said);
      assert.equal(await Deno.readTextFile(join(folder, "models/name/config.json")), "{}");
      // The storage is another host.
      const refused = await start(`${launcher} fetch owner/name`);
      assert.equal(refused.code, 4, refused.said);
      const line = refused.said.slice(refused.said.indexOf(": run ") + ": run ".length);
      const host = new URL(hub.storage).host;
      assert.equal(line, `${launcher} --allow-net=${host} fetch owner/name`);
      assert.equal((await start(line)).code, 0);
    }),
);
