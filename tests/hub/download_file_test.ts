import assert from "node:assert/strict";
import { join } from "node:path";
import { NetworkError, StorageError } from "../../src/errors.ts";
import {
  failure,
  filesIn,
  isData,
  NEEDED,
  PATIENCE,
  UNET,
  withFetchPlace,
} from "../support/fetch_place.ts";
import { bytesOf, rangeStart, sendFile, sha256 } from "../support/hub_server.ts";

Deno.test("fetchModel() resumes by Range and If-Range after a lost connection", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    let cuts = 0;
    hub.handler = (request, response) => {
      if (!isData(request.path) || cuts++ > 1) return false;
      sendFile(request, response, { bytes: UNET, etag: '"v1"', cut: 50_000 });
      return true;
    };
    await fetch();
    assert.deepEqual(await Deno.readFile(join(folder, NEEDED[2])), UNET);
    const asked = hub.requests.filter(({ path }) => isData(path));
    const starts = asked.map(rangeStart);
    assert.equal(starts[0], 0);
    assert.ok(starts[1] > 0 && starts[2] > starts[1], `${starts}`);
    assert.deepEqual(asked.map(({ headers }) => headers["if-range"]), [undefined, '"v1"', '"v1"']);
  }));

Deno.test("fetchModel() resumes a partial file, and restarts a damaged one", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    let serve = false;
    hub.handler = (request, response) => {
      if (serve || !isData(request.path)) return false;
      sendFile(request, response, { bytes: UNET, etag: '"v1"', cut: 50_000 });
      return true;
    };
    for (const damage of [false, true]) {
      serve = false;
      const error = await failure(fetch({ patience: { ...PATIENCE, retries: 0 } }));
      assert.ok(error instanceof NetworkError);
      assert.match(error.hint!, /resumes the download/);
      const partial = join(folder, ".fetch", sha256(UNET));
      const { size } = await Deno.stat(partial);
      assert.ok(size > 0 && size < UNET.length);
      assert.deepEqual((await filesIn(folder)).filter((name) => !name.startsWith(".fetch/")), []);
      if (damage) await Deno.writeFile(partial, new Uint8Array(size));
      serve = true;
      hub.requests.length = 0;
      await fetch();
      assert.deepEqual(await Deno.readFile(join(folder, NEEDED[2])), UNET);
      const starts = hub.requests.filter(({ path }) => isData(path)).map(rangeStart);
      assert.deepEqual(starts, damage ? [size, 0] : [size]);
      assert.deepEqual(await filesIn(folder), NEEDED);
      await Deno.remove(folder, { recursive: true });
    }
  }));

Deno.test("fetchModel() stops retrying a server without ranges that always disconnects", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    const large = bytesOf(3 << 20);
    hub.files.set("large.bin", large);
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      response.writeHead(200).write(large.subarray(0, 2 << 20), () => response.destroy());
      return true;
    };
    const error = await failure(fetch({ include: ["large.bin"] }));
    assert.match(error.message, /ends early/);
    // The first try brought more than a mebibyte; those after it bring nothing new.
    const tries = hub.requests.filter(({ path }) => isData(path)).length;
    assert.ok(tries <= 2 * (PATIENCE.retries + 1), `${tries} tries`);
    // What was kept of another commit's file goes when the download is done.
    hub.handler = undefined;
    await fetch();
    assert.deepEqual(await filesIn(folder), NEEDED);
  }));

Deno.test("fetchModel() restarts a file whose ETag changes during the download", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    let answers = 0;
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      const [bytes, etag] = answers++ === 0 ? [bytesOf(200_000, 9), '"old"'] : [UNET, '"new"'];
      sendFile(request, response, { bytes, etag, cut: answers === 1 ? 50_000 : Infinity });
      return true;
    };
    await fetch();
    assert.deepEqual(await Deno.readFile(join(folder, NEEDED[2])), UNET);
    assert.equal(answers, 2);
  }));

Deno.test("fetchModel() refuses a file that differs from the listing", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
    // The storage sends other bytes of the same length.
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      sendFile(request, response, { bytes: bytesOf(200_000, 9), etag: '"x"' });
      return true;
    };
    const other = await failure(fetch());
    assert.ok(other instanceof NetworkError);
    assert.match(other.message, /its SHA-256 is not the one that the hub lists/);
    // The hub itself names another hash than it has listed.
    hub.handler = (request, response) => {
      if (!request.path.endsWith("model.safetensors")) return false;
      const location = `${hub.storage}/${sha256(UNET)}?Signature=SECRET`;
      response.writeHead(302, { location, "x-linked-etag": `"${"0".repeat(64)}"` }).end();
      return true;
    };
    const changed = await failure(fetch());
    assert.match(changed.message, /changed on .* after it was listed/);
    assert.deepEqual((await filesIn(folder)).filter((name) => !name.startsWith(".fetch/")), []);
  }));

Deno.test("fetchModel() refuses wrong sizes: more bytes, fewer, and a Content-Length that lies", () =>
  withFetchPlace(async ({ hub, fetch }) => {
    const answers: [name: string, bytes: Uint8Array, length: number | undefined, what: RegExp][] = [
      ["longer", bytesOf(200_001), 200_001, /sends 200001 of the 200000 bytes listed/],
      ["longer, no length", bytesOf(200_001), undefined, /sends more of the 200000 bytes listed/],
      ["shorter", bytesOf(150_000), undefined, /sends 150000 of the 200000 bytes listed/],
      ["length too small", UNET, 100_000, /sends 100000 of the 200000 bytes listed/],
      ["length too large", UNET, 300_000, /sends 300000 of the 200000 bytes listed/],
    ];
    for (const [name, bytes, length, what] of answers) {
      hub.handler = (request, response) => {
        if (!isData(request.path)) return false;
        response.writeHead(200, length === undefined ? {} : { "content-length": length });
        response.end(bytes.subarray(0, length));
        return true;
      };
      const options = { patience: { ...PATIENCE, retries: 0 }, include: ["*.safetensors"] };
      const error = await failure(fetch(options));
      assert.ok(error instanceof NetworkError, name);
      assert.match(error.message, what, name);
    }
  }));

Deno.test(
  "fetchModel() names a full disk and resumes later",
  { ignore: Deno.build.os !== "linux" },
  () =>
    withFetchPlace(async ({ folder, fetch }) => {
      const { writeSync } = Deno.FsFile.prototype;
      Deno.FsFile.prototype.writeSync = () => {
        throw new Error("No space left on device (os error 28)");
      };
      try {
        const error = await failure(fetch());
        assert.ok(error instanceof StorageError);
        assert.match(error.message, /cannot write .* \(\d+ bytes\): No space left on device$/);
      } finally {
        Deno.FsFile.prototype.writeSync = writeSync;
      }
      await fetch();
      assert.deepEqual(await filesIn(folder), NEEDED);
    }),
);
