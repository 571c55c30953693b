import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { permissionFlags } from "../../src/arguments/permissions.ts";
import { ROOT, runScript } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const config = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));

Deno.test("permissionFlags() returns the flags of each task in deno.json", () => {
  for (const [name, { script, permissions }] of Object.entries(COMMANDS)) {
    const flags = permissionFlags(permissions).join(" ");
    assert.equal(config.tasks[name].command, `deno run --no-prompt ${flags} scripts/${script}.ts`);
  }
});

Deno.test("the task parataa has exactly the permissions of its commands", () => {
  const granted = Map.groupBy(
    Object.values(COMMANDS).flatMap(({ permissions }) => Object.entries(permissions)),
    ([kind]) => kind,
  );
  const wanted = [...granted].map(([kind, entries]) => {
    const values = new Set(entries.flatMap(([, value]) => value === true ? [] : value));
    return values.size === 0 ? `--allow-${kind}` : `--allow-${kind}=${[...values].sort()}`;
  });
  const flags = (config.tasks.parataa.command as string).match(/--allow-\S+/g)!.map((flag) => {
    const [name, values] = flag.split("=");
    return values === undefined ? name : `${name}=${values.split(",").sort()}`;
  });
  assert.deepEqual(flags.sort(), wanted.sort());
});

Deno.test("COMMANDS has the same permissions as the permission sets of deno.json", () => {
  const sets = Object.entries(COMMANDS).map(([name, { permissions }]) => [name, permissions]);
  assert.deepEqual(config.permissions, Object.fromEntries(sets));
});

Deno.test("a permission set of deno.json suffices to run its script from any folder", () =>
  withTempFolder(async (folder) => {
    const { code, stderr } = await runScript("scripts/inspect.ts", [`${ROOT}models/dit-emoji`], {
      permissions: ["--quiet", "-P=inspect"],
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
  }));
