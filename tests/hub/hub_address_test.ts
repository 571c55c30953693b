import assert from "node:assert/strict";
import { HUB_HOST, hubAddress } from "../../src/hub/hub_address.ts";

Deno.test("hubAddress() is the hub's unless an endpoint is given", () => {
  for (const endpoint of [undefined, ""]) assert.equal(hubAddress({ endpoint }).host, HUB_HOST);
  const { base, origin, token } = hubAddress({ endpoint: "https://mirror.example:8443/hub/" });
  assert.deepEqual(
    [base, origin, token],
    ["https://mirror.example:8443/hub", "https://mirror.example:8443", undefined],
  );
  assert.equal(hubAddress({ token: " hf_a\n" }).token, "hf_a");
  assert.equal(hubAddress({ token: " " }).token, undefined);
});

Deno.test("hubAddress() refuses what is no plain address, and never shows a password", () => {
  for (
    const endpoint of [
      "mirror.example",
      "ftp://x",
      "https://x/?a",
      "https://x/#a",
      "https://u:SECRET@x",
    ]
  ) {
    assert.throws(() => hubAddress({ endpoint }), (error: Error & { hint: string }) => {
      assert.match(error.message, /the hub's endpoint is .*, wanted an address/);
      assert.doesNotMatch(error.message, /SECRET/);
      return error.name === "UsageError";
    }, endpoint);
  }
});

Deno.test("hubAddress() refuses a token that is malformed or would travel in the clear, and never shows it", () => {
  const refused = (options: Parameters<typeof hubAddress>[0], text: RegExp) =>
    assert.throws(() => hubAddress(options), (error: Error) => {
      assert.match(error.message, text);
      assert.doesNotMatch(String(error), /hf_/);
      return error.name === "UsageError";
    });
  refused({ token: "hf_a\nhf_b" }, /spaces, line breaks/);
  refused({ token: "hf_é" }, /outside ASCII/);
  refused({ token: "hf_a", endpoint: "http://mirror.example" }, /without encryption/);
  assert.equal(hubAddress({ token: "hf_a", endpoint: "http://127.0.0.1:80" }).token, "hf_a");
});
