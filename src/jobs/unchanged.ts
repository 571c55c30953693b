/** Checks that a recorded run can be reproduced or resumed with the current setup. @module */
import { join } from "node:path";
import type { RecordedArguments } from "../arguments/record.ts";
import { settingName } from "../arguments/setting_names.ts";
import type { ResolvedSettings } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { MismatchError, type Wording } from "../errors.ts";
import { type Digest, digestFile } from "../storage/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import { modelChanges } from "../runs/model_changes.ts";

/** Digests of the files that arguments name and that affect the result, by argument. */
export async function digestInputs(
  task: ResolvedSettings["task"],
  recorded: RecordedArguments,
): Promise<Record<string, Digest>> {
  const digests: Record<string, Digest> = {};
  for (const [name, flag] of Object.entries(TASKS[task].flags)) {
    const file = recorded[name];
    const named = flag.type === "string" && flag.value === "FILE" && typeof file === "string";
    if (named && (flag.scope ?? "result") === "result") digests[name] = await digestFile(file);
  }
  return digests;
}

/** Everything that determines the result of a run. */
export type Provenance = Pick<
  Manifest,
  "versions" | "provider" | "served" | "library" | "model" | "inputs" | "arguments"
>;

/**
 * Checks that the current setup would reproduce the recorded run.
 *
 * @param recorded manifest and path of the run
 * @throws {MismatchError} naming what differs
 */
export function checkUnchanged(
  { path, manifest }: { path: string; manifest: Provenance },
  here: Provenance,
): void {
  const expect = (what: Wording, found: string, wanted: string, hint?: Wording) => {
    if (found === wanted) return;
    throw new MismatchError((name) => {
      const subject = typeof what === "string" ? what : what(name);
      return `${subject} is ${found}, the run in ${path} has ${wanted}`;
    }, { hint });
  };
  const sha = (digest: Partial<Digest> | undefined) => digest?.sha256?.slice(0, 12) ?? "absent";
  const solver = ({ versions }: Provenance) => String(versions.solver ?? "not noted");
  const parataa: Wording = (name) =>
    `use that version, or start a new run with ${name("argsFrom")}`;
  expect("parataa's version", here.versions.parataa, manifest.versions.parataa, parataa);
  expect("the solver's revision", solver(here), solver(manifest), parataa);
  expect(
    "the provider",
    here.provider,
    manifest.provider,
    (name) => `select it with ${name("provider")}`,
  );
  checkServed({ path, manifest }, here);
  const library: Wording = (name) => `set ${name("libraryPath")} to the library of the run`;
  expect("ONNX Runtime's version", here.versions.onnxruntime, manifest.versions.onnxruntime);
  expect(here.library.path, sha(here.library), sha(manifest.library), library);
  for (const { name, ...sha256 } of modelChanges(manifest.model, here.model)) {
    const [found, wanted] = [sha256.here, sha256.recorded].map((text) => text.slice(0, 12));
    const hint: Wording = (name) =>
      `set ${name("modelPath")} and ${name("vaePath")} to the folders of the run's model`;
    expect(modelFilePath(here, name), found, wanted, hint);
  }
  for (const name of namesOf(here.inputs ?? {}, manifest.inputs ?? {})) {
    const [found, wanted] = [here.inputs?.[name], manifest.inputs?.[name]];
    expect(
      (spell) => `${spell(settingName(name))} ${here.arguments[name]}`,
      sha(found),
      sha(wanted),
      "the file has changed",
    );
  }
}

/**
 * Checks that the same models evaluate the denoiser.
 *
 * @throws {MismatchError} naming models, versions and servers
 */
export function checkServed(
  { path, manifest }: { path: string; manifest: Pick<Provenance, "served"> },
  here: Pick<Provenance, "served">,
): void {
  const [found, wanted] = [here, manifest].map(servedText);
  if (found === wanted) return;
  throw new MismatchError(`the denoiser is ${found}, the run in ${path} has ${wanted}`, {
    hint: (name) => `serve that model, or name its server in ${name("devices")}`,
  });
}

/**
 * What evaluates the denoiser's rows, without the hosts: the same model may be served elsewhere.
 */
function servedText({ served = [] }: Pick<Provenance, "served">): string {
  const names = served.map(({ model, version, server, probe }) =>
    `${model} version ${version} on ${server} with probe ${probe.slice(0, 12)}`
  );
  return [...new Set(names)].sort().join(" and ") || "on this machine";
}

/** Path of a model file that a manifest lists. */
export function modelFilePath(
  { model, arguments: { vae_path: vae } }: Pick<Provenance, "model" | "arguments">,
  name: string,
): string {
  return join(name.startsWith("vae_") && typeof vae === "string" ? vae : model.path, name);
}

function namesOf(...records: object[]): Set<string> {
  return new Set(records.flatMap((record) => Object.keys(record)));
}
