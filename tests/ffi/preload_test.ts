import assert from "node:assert/strict";
import { preload } from "../../ffi/preload.ts";
import { openedDuring } from "./opened_libraries.ts";

Deno.test("preload() opens a library once, and searches a missing one again", () => {
  const preloadTwice = (path: string) => () => {
    preload(path);
    preload(path);
  };
  assert.deepEqual(openedDuring(preloadTwice("libthere.so"), { "libthere.so": {} }), [
    "libthere.so",
  ]);
  assert.deepEqual(openedDuring(preloadTwice("libnowhere.so")), []);
  assert.deepEqual(openedDuring(preloadTwice("libnowhere.so"), { "libnowhere.so": {} }), [
    "libnowhere.so",
  ]);
});
