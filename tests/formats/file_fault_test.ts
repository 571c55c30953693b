import assert from "node:assert/strict";
import { join } from "node:path";
import { fileFault, fileFaultOf } from "../../src/formats/file_fault.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** What `run` throws. */
async function thrown(run: () => Promise<unknown>): Promise<Error> {
  return await run().then(() => assert.fail("nothing was thrown"), (error) => error);
}

Deno.test("fileFault() describes a fault without the system's error number", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await Deno.symlink("loop", join(folder, "loop"));
    const cases: [run: () => Promise<unknown>, fault: string][] = [
      [() => Deno.readFile(join(folder, "none")), "there is no such file or folder"],
      [() => Deno.readFile(folder), "it is a folder, wanted a file"],
      [() => Deno.stat(join(file, "x")), "a part of its path is a file"],
      [() => Deno.stat(join(folder, "loop")), "it is a link that leads to itself"],
    ];
    for (const [run, fault] of cases) {
      const error = await thrown(run);
      assert.equal(fileFault(error), fault);
    }
  }));

Deno.test("fileFault() keeps unknown messages and reports denied access", () => {
  const denied = new Deno.errors.PermissionDenied("Permission denied (os error 13): open '/x'");
  assert.equal(fileFault(denied), "the system denies access");
  assert.equal(fileFaultOf(denied), "/x: the system denies access");
  const full = new Error("No space left on device (os error 28): write '/x'");
  assert.equal(fileFault(full), "No space left on device");
  assert.equal(fileFaultOf(full), "/x: No space left on device");
  assert.equal(fileFaultOf(new Error("Bad resource")), "Bad resource");
});
