/**
 * M2: every call of the C API in an 8-step sampling run fails, once and from then on; nothing
 * native stays alive, --resume completes the run.
 */
import assert from "node:assert/strict";
import { runChild } from "../support/run_child.ts";
import { withTempFolder } from "../support/temp_folder.ts";

Deno.test("M2: every FFI call of a sampling run may fail", () =>
  withTempFolder(async (folder) => {
    const { code, stdout, stderr } = await runChild(
      new URL("../support/sampling_faults_child.ts", import.meta.url),
      { flags: ["-A"], args: [folder, "1"] },
    );
    assert.equal(code, 0, stderr);
    console.log(`M2: ${stdout.replaceAll("\n", ", ")}`);
    for (const line of stdout.split("\n")) {
      const { codes, blamedOnModel } = JSON.parse(line) as {
        codes: Record<string, number>;
        blamedOnModel: string[];
      };
      assert.ok(codes["7"] > 100, line);
      // One device survives a fault that does not come again.
      assert.ok(Object.keys(codes).every((code) => ["0", "3", "7"].includes(code)), line);
      // What ONNX Runtime says of a model that it cannot load could be anything.
      assert.deepEqual(blamedOnModel, ["CreateSession"], line);
    }
  }));
