import assert from "node:assert/strict";
import { join } from "node:path";
import { readRunManifest } from "../../src/runs/finished_run.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("readRunManifest() describes in one line a path that is not a run", () =>
  withTempFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "file"), "");
    await Deno.mkdir(join(folder, "empty"));
    const cases: Record<string, string> = {
      none: "there is no folder none",
      file: "file is not a run folder: it is a file",
      empty: "empty is not a run folder: it has no manifest.json",
      "file/x": "file/x is not a run folder: a part of its path is a file",
    };
    for (const [name, message] of Object.entries(cases)) {
      await assert.rejects(readRunManifest(join(folder, name)), {
        name: "UsageError",
        message: message.replace(name, join(folder, name)),
        hint: "a run is the folder that a sampling command has printed",
      });
    }
  }));
