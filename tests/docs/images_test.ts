import assert from "node:assert/strict";
import { join } from "node:path";
import { IMAGES } from "../../scripts/dev/docs/images.ts";
import { decodePng } from "../../mod.ts";
import { ROOT } from "../support/run_script.ts";

/** Computed by a network, whose last bits depend on the processor. */
const BY_NETWORK = ["convergence.svg"];

for (const [name, make] of Object.entries(IMAGES)) {
  if (BY_NETWORK.includes(name)) continue;
  Deno.test(`docs/images/${name} shows the data in the repository (deno task docs)`, async () => {
    const made = await make(), committed = await Deno.readFile(join(ROOT, "docs/images", name));
    if (name.endsWith(".svg")) assert.equal(decoded(made), decoded(committed));
    else assert.deepEqual(decodePng(made), decodePng(committed)); // deflate may change with Deno
  });
}

Deno.test("docs/images holds what deno task docs makes, and nothing else", () => {
  const names = [...Deno.readDirSync(join(ROOT, "docs/images"))].map(({ name }) => name);
  assert.deepEqual(names.sort(), Object.keys(IMAGES).sort());
});

Deno.test("figures of the docs have dark colours for dark systems", async () => {
  for (const name of ["convergence.svg", "windows.svg", "devices.svg"]) {
    const svg = await Deno.readTextFile(join(ROOT, "docs/images", name));
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/, name);
  }
});

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
