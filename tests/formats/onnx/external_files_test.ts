import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../../src/errors.ts";
import { checkExternalFiles } from "../../../src/formats/onnx/external_files.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

type Prepare = (model: string, outside: string) => Promise<void>;

/** Sixteen bytes are wanted at "w"; `prepare` puts them there, or something else. */
async function check(prepare: Prepare, location = "w"): Promise<void> {
  await withTempFolder(async (folder) => {
    const [model, outside] = [join(folder, "model"), join(folder, "outside")];
    await Deno.mkdir(model);
    await Deno.mkdir(outside);
    await Deno.writeFile(join(outside, "w"), new Uint8Array(16));
    await prepare(model, outside);
    await checkExternalFiles(model, new Map([[location, 16]]));
  });
}

const write = (size: number): Prepare => (model) =>
  Deno.writeFile(join(model, "w"), new Uint8Array(size));

Deno.test("checkExternalFiles() takes a plain file, in a sub-folder too", async () => {
  await check(write(16));
  await check(write(17));
  await check(write(16), "./w");
  await check(async (model) => {
    await Deno.mkdir(join(model, "sub"));
    await Deno.writeFile(join(model, "sub", "w"), new Uint8Array(16));
  }, "sub/w");
});

const REFUSED: [string, Prepare, string, RegExp][] = [
  ["a missing file", async () => {}, "w", /external data "w" of .*: no such file/],
  ["a path through a file", write(16), "w/w", /no such file/],
  ["a short file", write(15), "w", /15 bytes, wanted at least 16/],
  ["a folder", (model) => Deno.mkdir(join(model, "w")), "w", /not a file/],
  [
    "a symbolic link",
    (model, outside) => Deno.symlink(join(outside, "w"), join(model, "w")),
    "w",
    /"w" is a symbolic link/,
  ],
  [
    "a symbolic link on the way",
    (model, outside) => Deno.symlink(outside, join(model, "sub")),
    "sub/w",
    /"sub" is a symbolic link/,
  ],
  [
    "a hard link",
    (model, outside) => Deno.link(join(outside, "w"), join(model, "w")),
    "w",
    /2 hard links, wanted one/,
  ],
  [
    "a device",
    (model) => Deno.symlink("/dev/zero", join(model, "w")),
    "w",
    /symbolic link/,
  ],
];
for (const [what, prepare, location, message] of REFUSED) {
  Deno.test(`checkExternalFiles() refuses ${what}`, async () => {
    await assert.rejects(check(prepare, location), (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  });
}
