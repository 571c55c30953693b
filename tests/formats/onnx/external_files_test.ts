import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError } from "../../../src/errors.ts";
import { placeNetwork } from "../../../src/formats/onnx/external_files.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

type Prepare = (model: string, outside: string) => Promise<void>;

/** Sixteen bytes are wanted at "w"; `prepare` puts them there, or something else. */
async function check(prepare: Prepare, location = "w"): Promise<void> {
  await withTempFolder(async (folder) => {
    const [model, outside] = [join(folder, "model"), join(folder, "outside")];
    await Deno.mkdir(model);
    await Deno.mkdir(outside);
    await Deno.writeFile(join(outside, "w"), new Uint8Array(16));
    await Deno.writeFile(join(model, "model.onnx"), new Uint8Array());
    await prepare(model, outside);
    await placeNetwork(join(model, "model.onnx"), new Map([[location, 16]]));
  });
}

const write = (size: number): Prepare => (model) =>
  Deno.writeFile(join(model, "w"), new Uint8Array(size));

Deno.test("placeNetwork() accepts a plain file, also in a subfolder", async () => {
  await check(write(16));
  await check(write(17));
  await check(write(16), "./w");
  await check(async (model) => {
    await Deno.mkdir(join(model, "sub"));
    await Deno.writeFile(join(model, "sub", "w"), new Uint8Array(16));
  }, "sub/w");
});

/** A snapshot of Hugging Face's cache: every file a link into the folder of blobs. */
async function cached(folder: string, data: string, target = "blobs/weights"): Promise<string> {
  const [snapshot, blobs] = [join(folder, "snapshots", "0123abc", "unet"), join(folder, "blobs")];
  for (const path of [snapshot, blobs, join(folder, "elsewhere")]) {
    await Deno.mkdir(path, { recursive: true });
  }
  await Deno.writeFile(join(blobs, "network"), new Uint8Array());
  await Deno.writeFile(join(folder, target), new Uint8Array(16));
  await Deno.symlink("../../../blobs/network", join(snapshot, "model.onnx"));
  await Deno.symlink(`../../../${target}`, join(snapshot, data));
  return join(snapshot, "model.onnx");
}

Deno.test("placeNetwork() finds data that are links beside a link, into the folder of its target", () =>
  withTempFolder(async (folder) => {
    const network = await cached(folder, "w");
    assert.deepEqual(await placeNetwork(network, new Map([["w", 16]])), {
      path: await Deno.realPath(join(network, "..")) + "/model.onnx",
      data: new Map([["w", await Deno.realPath(join(folder, "blobs", "weights"))]]),
    });
  }));

Deno.test("placeNetwork() finds data beside the target of a link", () =>
  withTempFolder(async (folder) => {
    await Deno.mkdir(join(folder, "part"));
    await Deno.writeFile(join(folder, "model.onnx"), new Uint8Array());
    await Deno.writeFile(join(folder, "w"), new Uint8Array(16));
    await Deno.symlink("../model.onnx", join(folder, "part", "model.onnx"));
    const { path, data } = await placeNetwork(
      join(folder, "part", "model.onnx"),
      new Map([["w", 16]]),
    );
    assert.equal(path, await Deno.realPath(join(folder, "model.onnx")));
    assert.deepEqual([...data.values()], [await Deno.realPath(join(folder, "w"))]);
  }));

Deno.test("placeNetwork() refuses data that are links beside a link, out of both folders", () =>
  withTempFolder(async (folder) => {
    const network = await cached(folder, "w", "elsewhere/weights");
    await assert.rejects(
      placeNetwork(network, new Map([["w", 16]])),
      /"w" is a symbolic link out of the model's folder/,
    );
  }));

Deno.test("placeNetwork() resolves the path of a network without external data", () =>
  withTempFolder(async (folder) => {
    const network = await cached(folder, "w");
    const { path, data } = await placeNetwork(network, new Map());
    assert.equal(path, await Deno.realPath(join(folder, "blobs", "network")));
    assert.equal(data.size, 0);
  }));

const REFUSED: [string, Prepare, string, RegExp][] = [
  ["a missing file", async () => {}, "w", /external data "w" of .*: no such file/],
  ["a path through a file", write(16), "w/w", /no such file/],
  ["a short file", write(15), "w", /15 bytes, wanted at least 16/],
  ["a folder", (model) => Deno.mkdir(join(model, "w")), "w", /not a regular file/],
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
  Deno.test(`placeNetwork() refuses ${what}`, async () => {
    await assert.rejects(check(prepare, location), (error: Error) => {
      assert.ok(error instanceof ModelError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  });
}
