import assert from "node:assert/strict";

const SCENARIOS = {
  forcedCollection: "Tensor pins its memory under forced collection",
  doubleClose: "close() may be called twice on everything",
  useAfterClose: "use after close() is a TypeError",
  closeInFlight: "close() during runs takes effect after them",
  cancelInFlight: "run() under an aborted signal rejects with its reason and frees nothing early",
  abandoned: "objects dropped without close() are released by the collector",
  abandonedInFlight: "objects dropped during runs stay until the runs have ended",
  concurrent: "runs of two sessions at once give their own results",
  reopen: "Environment.open() works again after the last close()",
};

async function runChild(...args: string[]): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-ffi",
      "--v8-flags=--expose-gc",
      new URL("lifetime_child.ts", import.meta.url).pathname,
      ...args,
    ],
  });
  const { code, signal, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  assert.equal(code, 0, `signal ${signal}\n${decode(stderr)}`);
  return decode(stdout);
}

Deno.test("lifetime_child.ts has a test for each scenario", async () => {
  assert.deepEqual((await runChild("list")).split("\n"), Object.keys(SCENARIOS));
});

for (const [scenario, criterion] of Object.entries(SCENARIOS)) {
  Deno.test(`${criterion} (${scenario})`, async () => {
    assert.equal(await runChild(scenario), `done ${scenario}`);
  });
}
