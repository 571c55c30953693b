import assert from "node:assert/strict";
import { join } from "node:path";
import { StorageError } from "../../src/errors.ts";
import { StagedFiles } from "../../src/storage/staged_files.ts";
import { withTempFolder } from "../support/temp_folder.ts";

function list(folder: string): string[] {
  const names: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    names.push(name);
    if (isDirectory) names.push(...list(join(folder, name)).map((inner) => `${name}/${inner}`));
  }
  return names.sort();
}

const bytes = (...values: number[]) => Uint8Array.from(values);

Deno.test("StagedFiles writes no final file before commit(), and all of them then", () =>
  withTempFolder(async (parent) => {
    const folder = join(parent, "new/model");
    {
      await using files = new StagedFiles(folder);
      await files.write("a/data", [bytes(1, 2), bytes(), bytes(3)], { size: 3 });
      await files.write("index.json", [bytes(4)], { size: 1 });
      const before = list(folder).filter((name) => !name.includes(".tmp-"));
      assert.deepEqual(before, ["a"]);
      await files.commit();
    }
    assert.deepEqual(list(folder), ["a", "a/data", "index.json"]);
    assert.deepEqual(Deno.readFileSync(join(folder, "a/data")), bytes(1, 2, 3));
  }));

Deno.test("StagedFiles leaves no files after an error, a signal or a failed rename", () =>
  withTempFolder(async (folder) => {
    const controller = new AbortController();
    async function* pieces(fail: () => void) {
      for (let i = 0; i < 3; i++) {
        yield await Promise.resolve(new Uint8Array(65 * 2 ** 20));
        fail();
      }
    }
    const broken = () => {
      throw new TypeError("a piece is broken");
    };
    const stop = () => controller.abort(new Error("stopped"));
    for (
      const [fail, message] of [[broken, /piece is broken/], [stop, /^Error: stopped/]] as const
    ) {
      await assert.rejects(async () => {
        await using files = new StagedFiles(join(folder, "model"));
        await files.write("small", [bytes(1)], { size: 1 });
        await files.write("a/b/large", pieces(fail), { size: 0, signal: controller.signal });
      }, message);
      assert.deepEqual(list(folder), []);
    }
    Deno.mkdirSync(join(folder, "taken"));
    await assert.rejects(async () => {
      await using files = new StagedFiles(folder);
      await files.write("first", [bytes(1)], { size: 1 });
      await files.write("taken", [bytes(1)], { size: 1 });
      await files.commit();
    }, StorageError);
    assert.deepEqual(list(folder), ["taken"]);
  }));
