import assert from "node:assert/strict";
import { NetworkError, UsageError } from "../../src/errors.ts";
import { failure, isData, PATIENCE, UNET, withFetchPlace } from "../support/fetch_place.ts";

Deno.test("fetchModel() stops retrying a server that stalls before or within a response", () =>
  withFetchPlace(async ({ hub, fetch }) => {
    const patience = { ...PATIENCE, stallMs: 1000, retries: 0 };
    hub.handler = () => true;
    const silent = await failure(fetch({ patience: { ...patience, stallMs: 500, retries: 1 } }));
    assert.match(silent.message, /cannot reach 127\.0\.0\.1:\d+: no data for 0\.5 s/);
    assert.equal(hub.requests.length, 2);
    hub.handler = (request, response) => {
      if (!isData(request.path)) return false;
      response.writeHead(200, { "content-length": UNET.length }).write(UNET.subarray(0, 1000));
      return true;
    };
    const stalled = await failure(fetch({ patience }));
    assert.ok(stalled instanceof NetworkError);
    assert.match(stalled.message, /ends early: no data for 1 s/);
  }));

Deno.test("fetchModel() follows Retry-After, retries after 5xx, and stops in time", () =>
  withFetchPlace(async ({ hub, fetch, events }) => {
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
  withFetchPlace(async ({ hub, fetch, events }) => {
    await fetch({ token: " hf_abc\n" });
    const sent = Map.groupBy(hub.requests, ({ server }) => server);
    assert.ok(sent.get("storage")!.length > 0);
    for (const { headers } of sent.get("hub")!) {
      assert.equal(headers.authorization, "Bearer hf_abc");
    }
    for (const { headers } of sent.get("storage")!) assert.equal(headers.authorization, undefined);
    assert.doesNotMatch(JSON.stringify(events), /hf_abc/);
  }));

Deno.test("fetchModel() explains refusals", () =>
  withFetchPlace(async ({ hub, fetch }) => {
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
  withFetchPlace(async ({ hub, fetch }) => {
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
