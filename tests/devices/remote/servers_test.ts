import assert from "node:assert/strict";
import { ROOT } from "../../support/run_script.ts";

/** Runs the tests against the scripted server in a process of their own. */
async function runServers(): Promise<Deno.CommandOutput> {
  const files = [...Deno.readDirSync(`${ROOT}tests/full/servers`)].map(({ name }) => name);
  const args = ["test", "--quiet", "--allow-all", "--no-check"];
  return await new Deno.Command(Deno.execPath(), {
    args: [...args, ...files.map((name) => `tests/full/servers/${name}`)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
}

// Deno's node:http2 can end the process by a signal (denoland/deno issue 36788): only that is
// tried again, a test that fails is not.
Deno.test("remote devices pass the tests against a scripted server", async () => {
  let output = await runServers();
  for (let again = 0; output.signal !== null && again < 3; again++) output = await runServers();
  const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
  assert.equal(output.code, 0, text);
  const [, passed] = /^ok \| (\d+) passed \| 0 failed/m.exec(text) ?? [];
  assert.ok(Number(passed) >= 24, text);
});
