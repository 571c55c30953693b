import assert from "node:assert/strict";
import { join } from "node:path";
import { BusyError, StorageError, UsageError } from "../../src/errors.ts";
import type { FetchEvent } from "../../src/hub/fetch_model.ts";
import { failure, filesIn, isData, NEEDED, UNET, withFetchPlace } from "../support/fetch_place.ts";
import { COMMIT, sha256 } from "../support/hub_server.ts";

Deno.test("fetchModel() downloads what a model needs, byte for byte, and nothing else", () =>
  withFetchPlace(async ({ hub, folder, fetch, events }) => {
    const model = await fetch();
    assert.deepEqual([model.commit, model.path], [COMMIT, folder]);
    assert.deepEqual(await filesIn(folder), NEEDED);
    assert.deepEqual(await Deno.readFile(join(folder, NEEDED[2])), UNET);
    const bytes = events.filter((event) => event.event === "bytes");
    assert.equal(bytes.at(-1)!.done, bytes.at(-1)!.total);
    // A second time hashes what is there and asks for the listing alone.
    const before = hub.requests.length;
    await fetch();
    assert.equal(hub.requests.length, before + 1);
  }));

Deno.test("fetchModel() with dryRun chooses files and writes nothing", () =>
  withFetchPlace(async ({ folder, fetch }) => {
    const { files } = await fetch({ dryRun: true });
    assert.deepEqual(files.map(({ path }) => path).sort(), NEEDED);
    assert.deepEqual(await filesIn(folder), []);
  }));

Deno.test("fetchModel() never replaces a file that differs", () =>
  withFetchPlace(async ({ folder, fetch }) => {
    await Deno.mkdir(join(folder, "unet"), { recursive: true });
    await Deno.writeTextFile(join(folder, "unet/config.json"), "mine");
    const error = await failure(fetch());
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /unet\/config\.json exists and differs/);
    assert.deepEqual(await filesIn(folder), ["unet/config.json"]);
  }));

Deno.test("fetchModel() writes through no link inside the folder", () =>
  withFetchPlace(async ({ folder, fetch }) => {
    const elsewhere = join(folder, "../elsewhere");
    await Deno.mkdir(elsewhere);
    await Deno.mkdir(folder);
    await Deno.symlink(elsewhere, join(folder, "unet"));
    assert.ok(await failure(fetch()) instanceof StorageError);
    assert.deepEqual(await filesIn(elsewhere), []);
  }));

Deno.test("fetchModel() stops at a signal and keeps what has come", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    const controller = new AbortController();
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      response.writeHead(200, { "content-length": UNET.length }).write(UNET.subarray(0, 1000));
      return true;
    };
    const onProgress = (event: FetchEvent) => {
      if (event.event === "bytes" && event.bytes === 1000) controller.abort("stop");
    };
    const stopped = fetch({ signal: controller.signal, onProgress });
    await assert.rejects(stopped, (error) => error === "stop");
    assert.equal((await Deno.stat(join(folder, ".fetch", sha256(UNET)))).size, 1000);
  }));

Deno.test("fetchModel() is refused while another process downloads into the folder", () =>
  withFetchPlace(async ({ folder, fetch }) => {
    await Deno.mkdir(join(folder, ".fetch"), { recursive: true });
    using held = await Deno.open(join(folder, ".fetch/.lock"), { write: true, createNew: true });
    await held.lock(true);
    await held.write(new TextEncoder().encode("123"));
    const error = await failure(fetch());
    assert.ok(error instanceof BusyError);
    assert.match(error.message, /^process 123 downloads into /);
  }));

Deno.test("fetchModel() keeps two files of equal content apart", () => {
  const files = { "a.json": "{}", "b/c.json": "{}", "empty.json": "" };
  return withFetchPlace(async ({ folder, fetch }) => {
    await fetch({ include: ["*.json"] });
    assert.deepEqual(await filesIn(folder), Object.keys(files));
    const { path } = await fetch({ include: ["*.json"], cacheDir: join(folder, "cache") });
    assert.deepEqual(
      await Promise.all(
        Object.keys(files).map((name) => Deno.readTextFile(join(path, name))),
      ),
      Object.values(files),
    );
  }, files);
});
