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

/** Whether Deno itself ended: by a signal in node:http2 (denoland/deno issue 36788), or a panic. */
function crashed({ signal, stderr }: Deno.CommandOutput): boolean {
  return signal !== null || new TextDecoder().decode(stderr).includes("Deno has panicked");
}

// Only a crash of Deno is retried, a failed test is not.
Deno.test("remote devices pass the tests against a scripted server", async () => {
  let output = await runServers();
  for (let again = 0; crashed(output) && again < 3; again++) output = await runServers();
  const text = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
  assert.equal(output.code, 0, text);
  const [, passed] = /^ok \| (\d+) passed \| 0 failed/m.exec(text) ?? [];
  // The test of TLS is for Deno 2.9 on.
  const wanted = Number(Deno.version.deno.split(".")[1]) < 9 ? 23 : 24;
  assert.ok(Number(passed) >= wanted, text);
});
