import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { makeFolder, TEMPORARY, writeWholeFile } from "../../src/storage/whole_file.ts";
import { PermissionError, StorageError } from "../../src/errors.ts";
import { onSystem } from "../support/on_system.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const names = (folder: string) => Array.from(Deno.readDirSync(folder), (entry) => entry.name);

Deno.test("writeWholeFile() replaces a file and leaves nothing else behind", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await writeWholeFile(path, Uint8Array.of(1, 2, 3));
    await writeWholeFile(path, Uint8Array.of(4));
    assert.deepEqual([...await Deno.readFile(path)], [4]);
    assert.deepEqual(names(folder), ["a.bin"]);
  }));

Deno.test("writeWholeFile() syncs the folder, except on Windows, which opens none", () =>
  withTempFolder(async (folder) => {
    const open = Deno.open;
    const opened: string[] = [];
    Deno.open = (path, options) => {
      opened.push(String(path));
      return open(path, options);
    };
    const path = join(folder, "a.bin");
    const assertTemporary = (opened: string | undefined) => {
      assert.equal(dirname(opened!), folder);
      assert.match(basename(opened!), TEMPORARY);
    };
    try {
      if (Deno.build.os !== "windows") {
        await writeWholeFile(path, Uint8Array.of(1));
        assertTemporary(opened.shift());
        assert.deepEqual(opened.splice(0), [folder]);
      }
      await onSystem("windows", () => writeWholeFile(path, Uint8Array.of(2)));
      assertTemporary(opened.shift());
      assert.deepEqual(opened, []);
    } finally {
      Deno.open = open;
    }
    assert.deepEqual([...await Deno.readFile(path)], [2]);
  }));

Deno.test("writeWholeFile() writes one of two files of a name that are written at once", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "a.bin");
    await Promise.all([1, 2].map((byte) => writeWholeFile(path, new Uint8Array(9).fill(byte))));
    const bytes = await Deno.readFile(path);
    assert.ok(bytes.length === 9 && new Set(bytes).size === 1, String(bytes));
    assert.deepEqual(names(folder), ["a.bin"]);
  }));

Deno.test("writeWholeFile() does not follow a planted link", () =>
  withTempFolder(async (folder) => {
    const outside = join(folder, "outside");
    await Deno.writeTextFile(outside, "untouched");
    await Deno.symlink(outside, join(folder, "a.bin"));
    await writeWholeFile(join(folder, "a.bin"), Uint8Array.of(1));
    await Deno.symlink(outside, join(folder, ".b.bin.tmp-0"));
    const { getRandomValues } = crypto;
    crypto.getRandomValues = (array) => array;
    try {
      await assert.rejects(writeWholeFile(join(folder, "b.bin"), Uint8Array.of(1)), StorageError);
    } finally {
      crypto.getRandomValues = getRandomValues;
    }
    assert.equal(await Deno.readTextFile(outside), "untouched");
  }));

Deno.test("writeWholeFile() names the path and the size if the file system refuses", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "no", "such", "a.bin");
    await assert.rejects(writeWholeFile(path, new Uint8Array(5)), (error: Error) => {
      assert.ok(error instanceof StorageError);
      assert.ok(error.message.includes(path) && error.message.includes("5 bytes"), error.message);
      return true;
    });
  }));

Deno.test("writeWholeFile() leaves no partial file on a full disk", () =>
  withTempFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "a.bin"), "old");
    // The write fails after the temporary file was made, as on a full disk.
    const write = Deno.FsFile.prototype.write;
    Deno.FsFile.prototype.write = () =>
      Promise.reject(new Error("No space left on device (os error 28)"));
    try {
      await assert.rejects(
        writeWholeFile(join(folder, "a.bin"), new Uint8Array(9)),
        (error: Error) => {
          assert.ok(
            error instanceof StorageError && error.message.includes("No space left"),
            error.message,
          );
          return true;
        },
      );
    } finally {
      Deno.FsFile.prototype.write = write;
    }
    assert.deepEqual(names(folder), ["a.bin"]);
    assert.equal(await Deno.readTextFile(join(folder, "a.bin")), "old");
  }));

Deno.test("makeFolder() creates parent folders and refuses an existing folder", () =>
  withTempFolder(async (folder) => {
    await makeFolder(join(folder, "a", "b"));
    await assert.rejects(makeFolder(join(folder, "a", "b")), StorageError);
    await Deno.writeTextFile(join(folder, "file"), "");
    await assert.rejects(makeFolder(join(folder, "file", "b")), StorageError);
  }));

Deno.test("writeWholeFile() throws a PermissionError if a permission is missing", {
  permissions: { read: true, write: false },
}, async () => {
  await assert.rejects(writeWholeFile("/tmp/parataa-denied", new Uint8Array(1)), PermissionError);
});
