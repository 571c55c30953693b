import assert from "node:assert/strict";
import { describeFailure } from "../../src/runs/failure.ts";

Deno.test("describeFailure() recognises Deno's messages on packages that cannot be downloaded", () => {
  const reason = "error sending request for url (https://host/a-1.0.0.tgz): client error (Connect)";
  for (
    const message of [
      `Failed caching npm package 'a@1.0.0'\n    0: ${reason}\n    1: client error`,
      `Failed caching npm package 'a@1.0.0'\n\nCaused by:\n    0: ${reason}`,
      `Failed caching npm package 'a@1.0.0' ${reason}`,
    ]
  ) {
    const failure = describeFailure(new TypeError(message));
    assert.equal(failure.code, "E_NETWORK");
    assert.equal(failure.exitCode, 8);
    assert.equal(failure.message, `cannot download the package a@1.0.0: ${reason}`);
    assert.match(failure.hint!, /deno install/);
  }
});

Deno.test("describeFailure() treats unknown errors as internal ones", () => {
  assert.equal(describeFailure(new TypeError("x is undefined")).exitCode, 70);
  assert.equal(describeFailure("text").exitCode, 70);
});
