import assert from "node:assert/strict";
import { join } from "node:path";
import { openCompanions } from "../../ffi/companions.ts";
import { PermissionError } from "../../src/errors.ts";
import { onSystem } from "../support/on_system.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { openedDuring } from "./opened_libraries.ts";

Deno.test("openCompanions() opens DirectML beside the library by absolute path, on Windows", () =>
  withTempFolder(async (folder) => {
    const source = "test", companion = join(folder, "DirectML.dll");
    const opened = (path: string) =>
      openedDuring(() => openCompanions({ path, source }), { [companion]: {} });
    const library = join(folder, "onnxruntime.dll");
    assert.deepEqual(await onSystem("linux", () => opened(library)), []);
    assert.deepEqual(await onSystem("windows", () => opened("onnxruntime.dll")), []);
    assert.deepEqual(await onSystem("windows", () => opened(library)), [companion]);
    // It is opened once in a process.
    assert.deepEqual(await onSystem("windows", () => opened(library)), []);
  }));

Deno.test("openCompanions() does without a missing one, and refuses a changed one of ours", () =>
  withTempFolder(async (folder) => {
    const candidate = { path: join(folder, "x.dll"), source: "test", pinned: true } as const;
    assert.deepEqual(
      await onSystem("windows", () => openedDuring(() => openCompanions(candidate))),
      [],
    );
    await Deno.writeTextFile(join(folder, "DirectML.dll"), "changed");
    await assert.rejects(onSystem("windows", () => openCompanions(candidate)), PermissionError);
  }));
