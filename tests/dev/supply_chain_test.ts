import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type LockedPackage,
  type Registry,
  splitId,
  startRegistry,
} from "../support/npm_registry.ts";
import { pages } from "../support/markdown.ts";
import { ROOT } from "../support/run_script.ts";
import { withTempFolder } from "../support/temp_folder.ts";

/** `deno.json`, as far as it is read here. */
interface Config {
  imports: Record<string, string>;
  tasks: Record<string, { command: string }>;
  allowScripts: { allow: string[]; deny: string[] };
}

/** `deno.lock`. */
interface Lock {
  specifiers: Record<string, string>;
  npm: Record<string, LockedPackage>;
}

const CONFIG_TEXT = await Deno.readTextFile(join(ROOT, "deno.json"));
const LOCK_TEXT = await Deno.readTextFile(join(ROOT, "deno.lock"));
const CONFIG: Config = JSON.parse(CONFIG_TEXT), LOCK: Lock = JSON.parse(LOCK_TEXT);

/**
 * A package that is in the lock because another one needs it, and so has a hash, but is not ours to
 * import.
 */
const UNLOCKED = CONFIG_TEXT.replace('"imports": {', '$&\n    "adm-zip": "npm:adm-zip@0.6.1",');

/** Files that a project consists of, by their path. */
type Files = Record<string, string>;

/** How a command ended in a project, and whether a lifecycle script of any package ran. */
interface Ended {
  code: number;
  said: string;
  scriptsRan: boolean;
}

/**
 * A folder with our `deno.json` and a lock of packages that a registry on the loopback interface
 * serves, so that nothing but the guards stands between their code and us; `change` replaces files.
 * `deno` runs there with a cache of its own that is empty.
 */
function inProject(
  change: (files: Files, served: Registry["served"]) => void,
  test: (deno: (...args: string[]) => Promise<Ended>, folder: string) => Promise<void>,
): Promise<void> {
  return withTempFolder(async (home) => {
    const [folder, canary] = [join(home, "project"), join(home, "scripts-ran")];
    const script = `echo ran >> "${canary}"`;
    await using registry = await startRegistry(Object.keys(LOCK.npm), {
      ...{ preinstall: script, install: script, postinstall: script },
    });
    const files: Files = {
      "deno.json": CONFIG_TEXT,
      "deno.lock": lockOf(registry.served),
      "main.ts": 'import "imagescript";\nconsole.log("ran");\n',
    };
    change(files, registry.served);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
    const env = {
      ...{ HOME: home, DENO_DIR: join(home, "cache"), NO_COLOR: "1" },
      ...{ NPM_CONFIG_REGISTRY: registry.url, NO_PROXY: "127.0.0.1" },
    };
    await test(async (...args) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        ...{ args, cwd: folder, stdin: "null", env },
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
      const scriptsRan = await Deno.stat(canary).then(() => true, () => false);
      return { code, said, scriptsRan };
    }, folder);
  });
}

/** Our lock with other hashes and addresses; all packages have lifecycle scripts. */
function lockOf(served: Registry["served"]): string {
  const npm = Object.entries(LOCK.npm).map(([id, locked]) =>
    [id, { ...locked, ...served[id], scripts: true }] as const
  );
  return JSON.stringify({ ...LOCK, npm: Object.fromEntries(npm) });
}

/** Sources of packages that are not one version of one npm package. */
function unpinned({ imports }: Pick<Config, "imports">, { specifiers }: Lock): string[] {
  const pinned = /^npm:(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+(\/[\w./-]+)?$/;
  return [...Object.values(imports), ...Object.keys(specifiers)].filter((s) => !pinned.test(s));
}

/** A package and all that it needs, by `name@version`. */
function closure(ids: Iterable<string>): Set<string> {
  const all = new Set(ids);
  for (const id of all) { // grows while it is walked
    for (const name of LOCK.npm[id].dependencies ?? []) {
      all.add(Object.keys(LOCK.npm).find((other) => splitId(other)[0] === name)!);
    }
  }
  return all;
}

const isTypes = (id: string) => id.startsWith("@types/");

Deno.test("deno.lock refuses a package with another hash, and none of its code runs", async () => {
  const tampered = "imagescript@1.3.1";
  for (const args of [["install"], ["ci"], ["run", "main.ts"]]) {
    await inProject((files, served) => {
      const { integrity } = LOCK.npm[tampered];
      files["deno.lock"] = lockOf({ ...served, [tampered]: { ...served[tampered], integrity } });
    }, async (deno) => {
      const { code, said } = await deno(...args);
      assert.equal(code, 1, said);
      assert.match(said, /checksum did not match .* for imagescript@1\.3\.1/);
      assert.doesNotMatch(said, /^ran$/m);
    });
  }
});

Deno.test("with the hashes of the served packages in deno.lock everything runs", () =>
  inProject(() => {}, async (deno) => {
    const { code, said } = await deno("run", "main.ts");
    assert.equal(code, 0, said);
    assert.match(said, /^ran$/m);
  }));

Deno.test("deno.lock has the hash of every package, and no other address of one", () => {
  for (const [id, locked] of Object.entries(LOCK.npm)) {
    assert.match(locked.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/, id);
  }
  assert.deepEqual(Object.keys(LOCK), ["version", "specifiers", "npm", "workspace"]);
  assert.doesNotMatch(LOCK_TEXT, /:\/\//);
});

/** Something for every task to run. */
function stubs(): Files {
  const scripts = Object.values(CONFIG.tasks).flatMap(({ command }) =>
    command.match(/[\w/]+\.ts/g) ?? []
  );
  const paths = [...scripts, "ffi/a.ts", "src/a.ts", "tests/a_test.ts", "tests/full/a.ts"];
  return Object.fromEntries(paths.map((path) => [path, 'console.log("ran");\n']));
}

Deno.test("every task refuses a dependency of deno.json that is missing in deno.lock", () =>
  inProject((files) => {
    Object.assign(files, stubs(), { "deno.json": UNLOCKED });
  }, async (deno, folder) => {
    const rules = "scripts/dev/house_rules.ts"; // deno task ok lints
    await Deno.mkdir(join(folder, dirname(rules)), { recursive: true });
    await Deno.copyFile(join(ROOT, rules), join(folder, rules));
    for (const name of Object.keys(CONFIG.tasks)) {
      const { code, said } = await deno("task", name);
      assert.notEqual(code, 0, name);
      assert.match(said, /The lockfile is out of date/, name);
      assert.doesNotMatch(said, /^ran$/m, name);
    }
  }));

Deno.test("without frozen, the lock accepts that dependency", () =>
  inProject((files) => {
    files["deno.json"] = UNLOCKED.replace(', "frozen": true', "");
    assert.notEqual(files["deno.json"], UNLOCKED);
  }, async (deno, folder) => {
    const { code, said } = await deno("run", "main.ts");
    assert.equal(code, 0, said);
    assert.match(await Deno.readTextFile(join(folder, "deno.lock")), /"npm:adm-zip@0\.6\.1"/);
  }));

Deno.test("no documented command and no task disables the lock", async () => {
  const ours = "docs/flags.md"; // flags of our commands, some with names that Deno has too
  for (const file of [...pages().filter((page) => page !== ours), "deno.json"]) {
    const text = await Deno.readTextFile(join(ROOT, file));
    const loose = /--(no-lock|lock|frozen=|no-config|config|reload|allow-scripts|no-npm)\b.*/;
    assert.equal(text.match(loose), null, file);
  }
});

Deno.test("every package is pinned to one version", () => {
  assert.deepEqual(unpinned(CONFIG, LOCK), []);
  for (const version of ["@^1.3.1", "@~1.3.1", "@*", "@1.3", "@>=1.3.1", "@latest", "@", ""]) {
    const imagescript = `npm:imagescript${version}`;
    const imports = { ...CONFIG.imports, imagescript };
    assert.deepEqual(unpinned({ imports }, LOCK), [imagescript]);
    const specifiers = { ...LOCK.specifiers, [imagescript]: "1.3.1" }; // imported in a source file
    assert.deepEqual(unpinned(CONFIG, { ...LOCK, specifiers }), [imagescript]);
  }
  const imports = { elsewhere: "https://example.com/mod.ts", other: "jsr:@std/path@1.0.0" };
  assert.deepEqual(unpinned({ imports }, LOCK), Object.values(imports));
});

Deno.test("an inline specifier has the version of deno.json", async () => {
  const pinned = Object.values(CONFIG.imports);
  const inline = new Set<string>();
  for (const folder of ["ffi", "src", "scripts"]) {
    for await (const text of sources(join(ROOT, folder))) {
      for (const [specifier] of text.matchAll(/npm:[^"`\s]+(?=")/g)) inline.add(specifier);
    }
  }
  // Types alone, which deno.json cannot name without loading them.
  const types = [...inline].filter((specifier) => specifier.startsWith("npm:@types/"));
  assert.deepEqual(types.filter((specifier) => !(specifier in LOCK.specifiers)), []);
  const code = [...inline].filter((specifier) => !types.includes(specifier));
  assert.deepEqual(code.filter((specifier) => !pinned.includes(specifier)), []);
  assert.ok(code.length >= 4, `${code}`);
});

/** The text of every module below a folder. */
async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield await Deno.readTextFile(path);
  }
}

Deno.test("mod.ts can be imported by path from a folder with an empty deno.json", () =>
  withTempFolder(async (folder) => {
    const mod = pathToFileURL(join(ROOT, "mod.ts"));
    // Our lock but for the project's own part, so that nothing is asked of a registry that is in
    // the cache.
    const { workspace: _, ...lock } = JSON.parse(LOCK_TEXT);
    const files: Files = {
      "deno.json": "{}",
      "deno.lock": JSON.stringify(lock),
      "main.ts": `import { encodePng, Environment } from "${mod}";
using env = Environment.open();
const image = { width: 1, height: 1, data: new Uint8Array(3) };
console.log(env.version, (encodePng(image))[1] === 0x50);\n`,
    };
    for (const [path, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, path), text);
    }
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const [, version] = CONFIG.imports["onnxruntime-node"].split("@");
    const said = new TextDecoder().decode(stdout);
    assert.equal(said, `${version} true\n`);
  }));

Deno.test("no lifecycle script of any package runs", () =>
  inProject(() => {}, async (deno) => {
    const { code, said, scriptsRan } = await deno("install");
    assert.equal(code, 0, said);
    assert.match(said, /Ignored build scripts/);
    assert.equal(scriptsRan, false);
  }));

Deno.test("allowScripts denies every package with a script, which would run otherwise", async () => {
  const { allow, deny } = CONFIG.allowScripts;
  assert.deepEqual(allow, []);
  const withScripts = Object.keys(LOCK.npm).filter((id) => LOCK.npm[id].scripts);
  assert.deepEqual(deny, withScripts.map((id) => `npm:${splitId(id)[0]}`));
  await inProject((files) => {
    files["deno.json"] = JSON.stringify({ ...CONFIG, allowScripts: { allow: deny } });
  }, async (deno) => {
    const { code, said, scriptsRan } = await deno("install");
    assert.equal(code, 0, said);
    assert.equal(scriptsRan, true);
  });
});

Deno.test("there are 7 direct packages, 30 in all, and commands load the code of 12", async () => {
  const direct = new Set(Object.values(CONFIG.imports).map((s) => s.match(/^npm:(.+@[\d.]+)/)![1]));
  assert.equal(direct.size, 7);
  assert.equal(closure(direct).size, 30);
  assert.deepEqual(
    Object.keys(LOCK.npm).filter((id) => !closure(direct).has(id)),
    ["@types/d3-scale@4.0.9", "@types/d3-time@3.0.4"],
  );
  assert.equal((await loadedPackages("scripts/parataa.ts")).size, 12);
});

/** Packages whose code the commands can come to load. */
async function loadedPackages(entry: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  const { modules }: { modules: { npmPackage?: string }[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const named = modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  return closure(named.filter((id) => !isTypes(id)));
}
