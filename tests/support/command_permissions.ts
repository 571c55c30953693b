/** Checks that a command needs all its permissions and no others. @module */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { permissionFlags, type Permissions } from "../../src/arguments/permissions.ts";
import { writeSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { readFixture } from "../convert/network_fixture.ts";
import { commandLines, DEVICES, type LinePaths } from "./command_lines.ts";
import { withHub } from "./hub_server.ts";
import { ROOT, runScript, type ScriptResult } from "./run_script.ts";

/** A permission of a command. */
interface Grant {
  kind: keyof Permissions;
  /** Path, variable or system call; absent for native code. */
  entry?: string;
}

/** A request in Deno's audit log. */
interface Asked {
  permission: string;
  value: string | null;
}

const KINDS = ["ffi", "net", "sys", "read", "write", "env"] as const;

function grants(permissions: Permissions): Grant[] {
  return KINDS.flatMap((kind): Grant[] => {
    const granted = permissions[kind];
    if (granted === undefined) return [];
    return granted === true ? [{ kind }] : granted.map((entry) => ({ kind, entry }));
  });
}

function without(permissions: Permissions, { kind, entry }: Grant): Permissions {
  const granted = permissions[kind];
  const rest = Array.isArray(granted) ? granted.filter((other) => other !== entry) : [];
  return { ...permissions, [kind]: rest.length > 0 ? rest : undefined };
}

function covers({ kind, entry }: Grant, { permission, value }: Asked): boolean {
  if (permission !== kind) return false;
  if (entry === undefined) return true;
  if (kind !== "read" && kind !== "write") return value === entry;
  const path = resolve(ROOT, value ?? "");
  return path === join(ROOT, entry) || path.startsWith(`${join(ROOT, entry)}/`);
}

/** A command, its permissions, and variables that it reads. */
interface Subject {
  name: string;
  permissions: Permissions;
  env: Record<string, string>;
}

/** Tests a command. For a command that uses a hub, a server on loopback replaces it. */
function withSubject<T>(name: string, test: (subject: Subject) => Promise<T>): Promise<T> {
  const { permissions } = COMMANDS[name];
  if (permissions.net === undefined) return test({ name, permissions, env: {} });
  return withHub({ "model_index.json": "{}" }, ({ endpoint }) => {
    const net = [new URL(endpoint).host];
    return test({ name, permissions: { ...permissions, net }, env: { HF_ENDPOINT: endpoint } });
  });
}

/** Runs a command's script with exactly its permissions. */
function run({ name, permissions, env }: Subject, args: readonly string[], audit?: string) {
  return runScript(`scripts/${COMMANDS[name].script}.ts`, args, {
    permissions: ["--frozen", ...permissionFlags(permissions)],
    env: { ...env, ...audit === undefined ? {} : { DENO_AUDIT_PERMISSIONS: audit } },
  });
}

/** Runs `test` with a new folder below each folder that a command may write or read. */
async function withPaths(test: (paths: LinePaths, root: string) => Promise<void>): Promise<void> {
  const made: string[] = [];
  const make = async (dir: string) => {
    const folder = await Deno.makeTempDir({ dir: join(ROOT, dir), prefix: ".permissions-" });
    made.push(folder);
    return folder.slice(ROOT.length);
  };
  try {
    const output = await make("output");
    const models = await make("models");
    const experiments = await make("scripts/experiments");
    const [checkpoint, experiment] = [`${models}/dit.safetensors`, `${experiments}/short.json`];
    const { tensors } = readFixture("dit_patch2");
    await Deno.writeFile(join(ROOT, checkpoint), writeSafetensors(tensors));
    await Deno.writeTextFile(join(ROOT, experiment), JSON.stringify(EXPERIMENT));
    const args = [
      "--timesteps=2",
      "--num_samples=1",
      DEVICES,
      "--output_path",
      `${output}/run`,
      "--quiet",
    ];
    const first = await withSubject("dit", (dit) => run(dit, args));
    assert.equal(first.code, 0, first.stderr);
    const folder = `${models}/new`;
    await test(
      { out: `${output}/out`, run: first.stdout.trim(), checkpoint, folder, experiment },
      output,
    );
  } finally {
    for (const folder of made) await Deno.remove(folder, { recursive: true });
  }
}

const EXPERIMENT = {
  script: "dit",
  arguments: { timesteps: 2, num_samples: 1, devices: "cpu:2" },
  methods: ["tqn"],
};

/** Lists every file below a folder; none if it does not exist. */
async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  for (const { name, isDirectory } of entries) {
    const path = join(folder, name);
    files.push(...isDirectory ? await filesIn(path) : [path]);
  }
  return files;
}

/** Commands that print other lines before the refusal. */
const TALKS = new Set(["doctor", "demo", "experiment", "convert", "selftest", "fetch"]);

/** Files that `experiment` leaves if a run fails; its report says so. */
const REPORT = /\/(experiment\.json|report\.html|results\.csv)$/;

async function usesAll(subject: Subject, lines: string[][], audit: string): Promise<void> {
  const { name, permissions } = subject;
  const asked: Asked[] = [];
  for (const args of lines) {
    const { code, stderr } = await run(subject, args, audit);
    assert.equal(code, 0, `${name} ${args}: ${stderr}`);
    const log = await Deno.readTextFile(audit);
    asked.push(...log.trim().split("\n").map((line) => JSON.parse(line)));
  }
  const unused = grants(permissions).filter((grant) => !asked.some((one) => covers(grant, one)));
  assert.deepEqual(unused, [], `${name} is granted what it does not use`);
}

/**
 * Requires that, without a grant, one of the command lines is refused with one line that names the
 * flag, and that no file is left.
 */
async function failsWithout(
  subject: Subject,
  grant: Grant,
  { lines, written }: { lines: string[][]; written: string[] },
) {
  const { name } = subject;
  const permissions = without(subject.permissions, grant);
  const what = `${name} without ${grant.kind} ${grant.entry ?? ""}`;
  const refused: ScriptResult[] = [];
  for (const args of lines) {
    const result = await run({ ...subject, permissions }, args);
    assert.ok(result.code === 0 || result.code === 4, `${what}: ${result.code} ${result.stderr}`);
    if (result.code === 4) refused.push(result);
  }
  assert.notEqual(refused.length, 0, `${what} runs on`);
  for (const { stderr, stdout } of refused) {
    // On one core rerun notes that the run had two lanes.
    const said = stderr.trim().split("\n").filter((line) =>
      !line.includes(", this machine has 1 core")
    );
    assert.match(said.at(-1)!, new RegExp(`^parataa: E_PERMISSION: .*--allow-${grant.kind}`), what);
    if (!TALKS.has(name)) assert.deepEqual([said.length, stdout], [1, ""], what);
  }
  const left = await Promise.all(written.map((folder) => filesIn(join(ROOT, folder))));
  const unexpected = left.flat().filter((file) => name !== "experiment" || !REPORT.test(file));
  assert.deepEqual(unexpected, [], what);
}

/**
 * Runs a command with exactly its permissions, all of which it must use, and then without each of
 * them, which it must refuse.
 */
export function checkPermissionsOf(name: string): Promise<void> {
  return withSubject(name, (subject) => withPaths((paths, root) => check(subject, paths, root)));
}

async function check(subject: Subject, paths: LinePaths, root: string): Promise<void> {
  const lines = commandLines(paths)[subject.name];
  await usesAll(subject, lines, join(ROOT, root, "audit"));
  const written = [paths.out, paths.folder];
  for (const folder of written) {
    // Not every command writes to it.
    await Deno.remove(join(ROOT, folder), { recursive: true }).catch(() => {});
  }
  for (const grant of grants(subject.permissions)) {
    await failsWithout(subject, grant, { lines, written });
  }
}
