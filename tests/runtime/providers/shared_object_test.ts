import assert from "node:assert/strict";
import { join } from "node:path";
import { openLibrary } from "../../../ffi/library.ts";
import { RuntimeLibraryError } from "../../../src/errors.ts";
import { readSharedObject } from "../../../src/runtime/providers/shared_object.ts";
import { elfLibrary } from "../../support/elf_builder.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

Deno.test("readSharedObject() reads what a real library needs and holds", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const { path, version } = openLibrary();
  const { needed, constants } = readSharedObject(path);
  assert.ok(needed.includes("libc.so.6"), String(needed));
  assert.ok(constants.includes(`\0${version}\0`));
});

Deno.test("readSharedObject() refuses every file that is cut short, and what is no library", () =>
  withTempFolder(async (folder) => {
    const path = join(folder, "lib.so");
    const whole = elfLibrary({ needed: ["libone.so.1", "libtwo.so.2"], constants: "\0x\0" });
    await Deno.writeFile(path, whole);
    assert.deepEqual(readSharedObject(path), {
      needed: ["libone.so.1", "libtwo.so.2"],
      constants: "\0x\0",
    });
    for (let size = 0; size < whole.length; size++) {
      await Deno.writeFile(path, whole.subarray(0, size));
      assert.throws(() => readSharedObject(path), RuntimeLibraryError, `${size} bytes`);
    }
    const text = new TextEncoder().encode("no library at all, ".repeat(9));
    await Deno.writeFile(path, text);
    assert.throws(() => readSharedObject(path), /lib\.so is no usable library: it is no ELF file/);
  }));
