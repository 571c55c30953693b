import assert from "node:assert/strict";
import { ROOT } from "../support/run_script.ts";

const { exports, tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
const ENTRIES: string[] = Object.values<string>(exports).map((path) => path.replace("./", ""));

async function denoDoc(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(code === 0 ? stdout : stderr);
  return { code, text };
}

for (const entry of ENTRIES) {
  Deno.test(`${entry} documents every exported name, and starts with an overview`, async () => {
    const { code, text } = await denoDoc("--lint", entry);
    assert.equal(code, 0, text);
    const source = await Deno.readTextFile(ROOT + entry);
    assert.match(source, /^\/\*\*\n(?: \*.*\n)+? \* @example/);
    const doc = await denoDoc(entry);
    assert.match(doc.text, /^@example$/m);
  });
}

Deno.test("deno task test runs the examples of every entry", () => {
  for (const entry of ENTRIES) assert.ok(tasks.test.command.split(" ").includes(entry), entry);
});

Deno.test("mod.ts exports everything that the other entries export", async () => {
  const all = await import("../../mod.ts");
  for (const entry of ENTRIES) {
    const part = await import(`../../${entry}`);
    assert.deepEqual(Object.keys(part).filter((name) => !(name in all)), [], entry);
  }
});
