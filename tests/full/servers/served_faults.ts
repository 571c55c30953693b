import assert from "node:assert/strict";
import { join } from "node:path";
import { runScript, type ScriptResult } from "../../support/run_script.ts";
import { serveDit } from "../../support/served_dit.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { tinyDitModel, writeTinyDit } from "../../support/tiny_dit.ts";

Deno.test("a server that cannot serve ends a command with one line and its exit code", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    await using server = await serveDit(tinyDitModel());
    const out = join(folder, "out");
    const run = (devices: string, permissions = ["-A"]): Promise<ScriptResult> => {
      const args = ["-m", model, "-o", out, "--timesteps=3", "--num_samples=1", "--quiet"];
      return runScript("scripts/parallel_dit.ts", [...args, "--devices", devices], { permissions });
    };
    const reachable = ["--allow-ffi", "--allow-read", `--allow-write=${out}`];
    const cases: [string, string[], number, RegExp][] = [
      ["grpc://no-such-host.invalid:1/m", ["-A"], 7, /E_RUNTIME: .*the host is unknown/],
      [`grpc://${server.host}/other`, ["-A"], 7, /E_RUNTIME: .*unknown model: 'other'/],
      [`grpc://${server.host}`, ["-A"], 2, /E_USAGE: --devices has .*, wanted grpc:\/\/host:port/],
      [`grpc://${server.host}/m`, reachable, 4, new RegExp(`--allow-net=${server.host}`)],
    ];
    for (const [devices, permissions, code, line] of cases) {
      const { stderr, ...result } = await run(devices, permissions);
      assert.deepEqual([devices, result.code], [devices, code], stderr);
      assert.match(stderr, line);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
    const granted = [...reachable, `--allow-net=${server.host}`];
    const { code, stderr } = await run(`grpc://${server.host}/m`, granted);
    assert.equal(code, 0, stderr);
  }));
