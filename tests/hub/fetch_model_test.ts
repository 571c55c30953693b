import assert from "node:assert/strict";
import { join } from "node:path";
import {
  BusyError,
  FormatError,
  NetworkError,
  StorageError,
  UsageError,
} from "../../src/errors.ts";
import { type FetchEvent, fetchModel, type FetchOptions } from "../../src/hub/fetch_model.ts";
import {
  bytesOf,
  COMMIT,
  type FakeHub,
  gitHash,
  listed,
  rangeStart,
  sendFile,
  sendJson,
  sha256,
  withHub,
} from "../support/hub_server.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** Waits are a millisecond. */
const PATIENCE = { retries: 3, backoffMs: 1, stallMs: 30_000 };

const UNET = bytesOf(200_000);
const FILES = {
  "model_index.json": "{}",
  "README.md": "not needed",
  "unet/config.json": '{"a": 1}',
  "unet/diffusion_pytorch_model.safetensors": UNET,
  "unet/diffusion_pytorch_model.bin": bytesOf(300),
};
const NEEDED = ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"];

interface Place {
  hub: FakeHub;
  folder: string;
  /** Fetches into `folder`. */
  fetch: (options?: FetchOptions) => ReturnType<typeof fetchModel>;
  events: FetchEvent[];
}

function withPlace(
  test: (place: Place) => Promise<void>,
  files: Parameters<typeof withHub>[0] = FILES,
): Promise<void> {
  return withTempFolder((temp) =>
    withHub(files, (hub) => {
      const folder = join(temp, "model");
      const events: FetchEvent[] = [];
      const fetch = (options: FetchOptions = {}) => {
        const place = options.cacheDir === undefined ? { outputPath: folder } : {};
        return fetchModel("owner/name", {
          ...{ endpoint: hub.endpoint, patience: PATIENCE, ...place },
          onProgress: (event) => events.push(event),
          ...options,
        });
      };
      return test({ hub, folder, fetch, events });
    })
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    const inner = isDirectory ? await filesIn(join(folder, name)) : [];
    names.push(...isDirectory ? inner.map((path) => `${name}/${path}`) : [name]);
  }
  return names.sort();
}

/** The error of a fetch, whose message is one line without the signature of a redirect. */
async function failure(fetched: Promise<unknown>): Promise<Error & { hint?: string }> {
  const error = await fetched.then(() => assert.fail("was expected to fail"), (error) => error);
  assert.doesNotMatch(`${error.message} ${error.hint} ${error.cause}`, /\n|SECRET|hf_/);
  return error;
}

const isData = (path: string) => path.includes("Signature");

Deno.test("fetchModel() downloads what a model needs, byte for byte, and nothing else", () =>
  withPlace(async ({ hub, folder, fetch, events }) => {
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
  withPlace(async ({ folder, fetch }) => {
    const { files } = await fetch({ dryRun: true });
    assert.deepEqual(files.map(({ path }) => path).sort(), NEEDED);
    assert.deepEqual(await filesIn(folder), []);
  }));

Deno.test("fetchModel() goes on by Range and If-Range where a connection was cut", () =>
  withPlace(async ({ hub, folder, fetch }) => {
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

Deno.test("fetchModel() goes on with what an earlier process left, and starts a damaged rest anew", () =>
  withPlace(async ({ hub, folder, fetch }) => {
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
      assert.match(error.hint!, /goes on where it stopped/);
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

Deno.test("fetchModel() gives up on a server that knows no ranges and always cuts", () =>
  withPlace(async ({ hub, folder, fetch }) => {
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

Deno.test("fetchModel() starts a file anew when its ETag changes during the download", () =>
  withPlace(async ({ hub, folder, fetch }) => {
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
  withPlace(async ({ hub, folder, fetch }) => {
    // The storage sends other bytes of the same length.
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      sendFile(request, response, { bytes: bytesOf(200_000, 9), etag: '"x"' });
      return true;
    };
    const other = await failure(fetch());
    assert.ok(other instanceof NetworkError);
    assert.match(other.message, /its bytes have another SHA-256 than the hub lists/);
    // The hub itself names another hash than it has listed.
    hub.handler = (request, response) => {
      if (!request.path.endsWith("model.safetensors")) return false;
      const location = `${hub.storage}/${sha256(UNET)}?Signature=SECRET`;
      response.writeHead(302, { location, "x-linked-etag": `"${"0".repeat(64)}"` }).end();
      return true;
    };
    const changed = await failure(fetch());
    assert.match(changed.message, /has changed on .* since it was listed/);
    assert.deepEqual((await filesIn(folder)).filter((name) => !name.startsWith(".fetch/")), []);
  }));

Deno.test("fetchModel() refuses wrong sizes: more bytes, fewer, and a Content-Length that lies", () =>
  withPlace(async ({ hub, fetch }) => {
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

Deno.test("fetchModel() gives up on a server that stalls, before and within an answer", () =>
  withPlace(async ({ hub, fetch }) => {
    const patience = { ...PATIENCE, stallMs: 1000, retries: 0 };
    hub.handler = () => true;
    const silent = await failure(fetch({ patience: { ...patience, stallMs: 50, retries: 1 } }));
    assert.match(silent.message, /cannot reach 127\.0\.0\.1:\d+: nothing came for 0\.05 s/);
    assert.equal(hub.requests.length, 2);
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      response.writeHead(200, { "content-length": UNET.length }).write(UNET.subarray(0, 1000));
      return true;
    };
    const stalled = await failure(fetch({ patience }));
    assert.ok(stalled instanceof NetworkError);
    assert.match(stalled.message, /ends early: nothing came for 1 s/);
  }));

Deno.test("fetchModel() follows Retry-After, asks again after 5xx, and gives up in time", () =>
  withPlace(async ({ hub, fetch, events }) => {
    const answers: [number, Record<string, string>][] = [
      [429, { "retry-after": "1" }],
      [503, { "retry-after": new Date(0).toUTCString() }],
      [500, {}],
    ];
    hub.handler = (_, response) => {
      const answer = answers.shift();
      if (answer) response.writeHead(...answer).end();
      return answer !== undefined;
    };
    const started = performance.now();
    await fetch();
    assert.ok(performance.now() - started >= 990);
    const notes = events.filter((event) => event.event === "note").map(({ line }) => line);
    assert.match(notes[0], /status 429: trying again in 1\.0 s/);
    assert.equal(notes.length, 3);
    hub.handler = (_, response) => {
      response.writeHead(429, { "retry-after": "3600" }).end();
      return true;
    };
    assert.match((await failure(fetch())).message, /status 429 and asks to wait 3600 s/);
    hub.requests.length = 0;
    hub.handler = (_, response) => {
      response.writeHead(502).end();
      return true;
    };
    assert.ok(await failure(fetch()) instanceof NetworkError);
    assert.equal(hub.requests.length, PATIENCE.retries + 1);
  }));

Deno.test("fetchModel() sends the token to the endpoint alone", () =>
  withPlace(async ({ hub, fetch, events }) => {
    await fetch({ token: " hf_abc\n" });
    const sent = Map.groupBy(hub.requests, ({ server }) => server);
    assert.ok(sent.get("storage")!.length > 0);
    for (const { headers } of sent.get("hub")!) {
      assert.equal(headers.authorization, "Bearer hf_abc");
    }
    for (const { headers } of sent.get("storage")!) assert.equal(headers.authorization, undefined);
    assert.doesNotMatch(JSON.stringify(events), /hf_abc/);
  }));

Deno.test("fetchModel() says what a refusal means", () =>
  withPlace(async ({ hub, fetch }) => {
    const refusals: [
      number,
      string | undefined,
      typeof UsageError | typeof NetworkError,
      RegExp,
    ][] = [
      [401, "RepoNotFound", UsageError, /not found.*spelling of owner\/name.*set HF_TOKEN/],
      [404, undefined, UsageError, /not found.*spelling of owner\/name/],
      [404, "RevisionNotFound", UsageError, /there is no such revision/],
      [401, "GatedRepo", NetworkError, /gated.*accept its terms on its page, then set HF_TOKEN/],
      [403, undefined, NetworkError, /status 403.*set HF_TOKEN/],
      [400, undefined, NetworkError, /status 400/],
    ];
    for (const [status, code, kind, text] of refusals) {
      hub.handler = (_, response) => {
        response.writeHead(status, code === undefined ? {} : { "x-error-code": code }).end();
        return true;
      };
      const error = await failure(fetch());
      assert.ok(error instanceof kind, String(error));
      assert.match(`${error.message} ${error.hint}`, text);
    }
    // A storage that refuses says nothing about the name or the token.
    hub.handler = (request, response) => {
      if (request.server === "hub") return false;
      response.writeHead(403).end();
      return true;
    };
    const storage = await failure(fetch());
    assert.match(
      storage.message,
      new RegExp(`${new URL(hub.storage).host} answers with status 403$`),
    );
    assert.equal(storage.hint, undefined);
  }));

Deno.test("fetchModel() refuses redirects in a circle, without an end, and to what is no web address", () =>
  withPlace(async ({ hub, fetch }) => {
    let count = 0;
    const targets: [location: () => string, text: RegExp][] = [
      [() => "/api/models/owner/name/revision/main?blobs=true", /redirects in a circle/],
      [() => `/again/${count++}`, /more than 10 redirects/],
      [() => "file:///etc/passwd", /redirects to an address of file:/],
      [() => "http://user:SECRET@127.0.0.1/", /wanted https: without a user/],
    ];
    for (const [location, text] of targets) {
      hub.handler = (_, response) => {
        response.writeHead(307, { location: location() }).end();
        return true;
      };
      const error = await failure(fetch());
      assert.ok(error instanceof NetworkError);
      assert.match(error.message, text);
    }
  }));

Deno.test("fetchModel() refuses a listing that is malformed, hostile or endless", () =>
  withPlace(async ({ hub, folder, fetch }) => {
    const file = (path: unknown) => ({ ...listed("x", bytesOf(3)), rfilename: path });
    const lists: [unknown, RegExp][] = [
      ["<html>", /a web page, wanted JSON/],
      [[1], /is \[1\], wanted an object/],
      [{ sha: "main", siblings: [] }, /wanted 40 hexadecimal digits/],
      [{ sha: COMMIT }, /has no files/],
      [
        { sha: COMMIT, siblings: [{ rfilename: "a.json", size: 1 }] },
        /no size and hash of "a\.json"/,
      ],
      [{ sha: COMMIT, siblings: [{ ...file("a.json"), size: -1 }] }, /no size and hash/],
      [{ sha: COMMIT, siblings: [file("../x.json")] }, /leads through \. or \.\./],
      [{ sha: COMMIT, siblings: [file("a/../../x.json")] }, /leads through/],
      [{ sha: COMMIT, siblings: [file("/etc/x.json")] }, /is absolute/],
      [{ sha: COMMIT, siblings: [file("a\0b.json")] }, /has a NUL/],
      [{ sha: COMMIT, siblings: [file("a//b.json")] }, /has an empty part/],
      [{ sha: COMMIT, siblings: [file("C:\\x.json")] }, /has one of/],
      [{ sha: COMMIT, siblings: [file("nul.json")] }, /is a device on Windows/],
      [{ sha: COMMIT, siblings: [file("A.json"), file("a.json")] }, /one name on some systems/],
      [
        { sha: COMMIT, siblings: [file("a.json"), file("a.json/b.json")] },
        /as a file and as a folder/,
      ],
      [{ sha: COMMIT, siblings: [file(".fetch/x.json")] }, /\.fetch is ours/],
      [
        { sha: COMMIT, siblings: Array.from({ length: 100_000 }, (_, i) => file(`${i}.json`)) },
        /has 100000 files, at most 50000/,
      ],
    ];
    for (const [list, text] of lists) {
      hub.handler = (_, response) => {
        if (typeof list === "string") response.end(list);
        else sendJson(response, list);
        return true;
      };
      const error = await failure(fetch({ include: ["*.json"] }));
      assert.ok(error instanceof FormatError, String(error));
      assert.match(error.message, text);
    }
    assert.deepEqual(await filesIn(folder), []);
  }));

Deno.test("fetchModel() never replaces a file that differs", () =>
  withPlace(async ({ folder, fetch }) => {
    await Deno.mkdir(join(folder, "unet"), { recursive: true });
    await Deno.writeTextFile(join(folder, "unet/config.json"), "mine");
    const error = await failure(fetch());
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /unet\/config\.json is there already and differs/);
    assert.deepEqual(await filesIn(folder), ["unet/config.json"]);
  }));

Deno.test("fetchModel() writes through no link inside the folder", () =>
  withPlace(async ({ folder, fetch }) => {
    const elsewhere = join(folder, "../elsewhere");
    await Deno.mkdir(elsewhere);
    await Deno.mkdir(folder);
    await Deno.symlink(elsewhere, join(folder, "unet"));
    assert.ok(await failure(fetch()) instanceof StorageError);
    assert.deepEqual(await filesIn(elsewhere), []);
  }));

Deno.test("fetchModel() stops at a signal and keeps what has come", () =>
  withPlace(async ({ hub, folder, fetch }) => {
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
  withPlace(async ({ folder, fetch }) => {
    await Deno.mkdir(join(folder, ".fetch"), { recursive: true });
    using held = await Deno.open(join(folder, ".fetch/.lock"), { write: true, createNew: true });
    await held.lock(true);
    assert.ok(await failure(fetch()) instanceof BusyError);
  }));

Deno.test("fetchModel() lays a cache out as the hub's own tools do", () =>
  withPlace(async ({ hub, folder, fetch }) => {
    const { path } = await fetch({ cacheDir: folder });
    const root = join(folder, "models--owner--name");
    assert.equal(path, join(root, "snapshots", COMMIT));
    assert.equal(await Deno.readTextFile(join(root, "refs/main")), COMMIT);
    const blob = sha256(UNET);
    assert.equal(await Deno.readLink(join(path, NEEDED[2])), `../../../blobs/${blob}`);
    assert.equal(
      await Deno.readLink(join(path, "model_index.json")),
      `../../blobs/${gitHash(new TextEncoder().encode("{}"))}`,
    );
    assert.deepEqual(await Deno.readFile(join(path, NEEDED[2])), UNET);
    assert.equal((await filesIn(join(root, "blobs"))).length, 3);
    // Blobs that are there serve another snapshot, and a link that was lost is made again.
    hub.requests.length = 0;
    await Deno.remove(join(path, NEEDED[2]));
    await Deno.remove(join(root, "refs"), { recursive: true });
    await fetch({ cacheDir: folder });
    assert.equal(hub.requests.length, 1);
    await Deno.remove(join(root, "refs"), { recursive: true });
    await fetch({ cacheDir: folder });
    assert.equal(await Deno.readTextFile(join(root, "refs/main")), COMMIT);
    assert.deepEqual(await Deno.readFile(join(path, NEEDED[2])), UNET);
  }));

Deno.test("fetchModel() keeps two files of equal content apart", () => {
  const files = { "a.json": "{}", "b/c.json": "{}", "empty.json": "" };
  return withPlace(async ({ folder, fetch }) => {
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

Deno.test(
  "fetchModel() names a full disk and goes on later",
  { ignore: Deno.build.os !== "linux" },
  () =>
    withPlace(async ({ folder, fetch }) => {
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
