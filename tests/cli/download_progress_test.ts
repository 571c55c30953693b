import assert from "node:assert/strict";
import { sizeText } from "../../src/cli/download_progress.ts";

Deno.test("sizeText() formats bytes in decimal units", () => {
  assert.deepEqual([0, 999, 1000, 999_949, 999_951, 3.4e9].map(sizeText), [
    ...["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "3.4 GB"],
  ]);
});
