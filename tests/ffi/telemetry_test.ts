import assert from "node:assert/strict";
import { join } from "node:path";
import { runChild } from "../support/run_child.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { logPath, stateOf } from "./telemetry_log.ts";

/** Where Deno keeps packages: with another home it would look for them there. */
async function denoFolder(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

const child = new URL("telemetry_child.ts", import.meta.url);

/**
 * Opens ONNX Runtime in an empty home; tells what native code read in the variable and what
 * telemetry left behind.
 */
function opened(env: Record<string, string>): Promise<{ variable: string; left: string[] }> {
  return withTempFolder(async (home) => {
    const { code, stdout, stderr } = await runChild(child, {
      flags: ["--allow-ffi", "--allow-read", "--allow-env=ORT_DISABLE_TELEMETRY"],
      env: { DENO_DIR: await denoFolder(), HOME: home, CI: "", ...env },
    });
    assert.equal(code, 0, stderr);
    const [pid, before, variable] = stdout.split(" ");
    const log = logPath(Number(pid)), events = join(home, ".cache/Microsoft");
    const left: string[] = [];
    if (await stateOf(events) !== "absent") left.push(events);
    if (await stateOf(log) !== before) {
      left.push(log);
      await Deno.remove(log);
    }
    return { variable, left };
  });
}

Deno.test(
  "disableTelemetry() keeps ONNX Runtime from writing to the home",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    assert.deepEqual(await opened({}), { variable: "1", left: [] });
  },
);

Deno.test("disableTelemetry() leaves the variable alone where the user has set it", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  assert.equal((await opened({ ORT_DISABLE_TELEMETRY: "0" })).variable, "0");
});
