import assert from "node:assert/strict";
import { FormatError } from "../../src/errors.ts";
import { failure, filesIn, withFetchPlace } from "../support/fetch_place.ts";
import { bytesOf, COMMIT, listed, sendJson } from "../support/hub_server.ts";

Deno.test("fetchModel() refuses a listing that is malformed, hostile or endless", () =>
  withFetchPlace(async ({ hub, folder, fetch }) => {
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
      [
        { sha: COMMIT, siblings: [file("A.json"), file("a.json")] },
        /the same name on some systems/,
      ],
      [
        { sha: COMMIT, siblings: [file("a.json"), file("a.json/b.json")] },
        /as a file and as a folder/,
      ],
      [{ sha: COMMIT, siblings: [file(".fetch/x.json")] }, /\.fetch is reserved/],
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
