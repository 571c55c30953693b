/**
 * What each command may do. The tasks and permission sets of deno.json, docs/permissions.md, the single file's launcher and the
 * tests are made from this table or held to it.
 * @module
 */

import { HUB_HOSTS } from "../hub/hub_address.ts";

/** Permissions of one command; what is not named is not granted. Paths are relative to the project, `output` to where it is started. */
export interface Permissions {
  /** Native code. Deno cannot narrow it to one library and still let us read what that returns. */
  ffi?: true;
  /** Hosts to connect to. */
  net?: readonly string[];
  /** Facts of the machine, by the function that tells them. */
  sys?: readonly string[];
  read?: readonly string[];
  write?: readonly string[];
  /** Environment variables. */
  env?: readonly string[];
}

/** The models, the run and the library. */
export const DEMO: Permissions = {
  ffi: true,
  read: ["models", "output", "node_modules/onnxruntime-node"],
  write: ["output"],
};

/** With `--devices` each device has a Worker, which reads its own modules. */
export const SAMPLE: Permissions = {
  ...DEMO,
  read: ["models", "output", "src", "ffi", "node_modules/onnxruntime-node"],
};

/** Names the processor when another one gave other bytes. */
export const RERUN: Permissions = { ...SAMPLE, sys: ["cpus"] };

/** Reads what it is shown, and nothing else. */
export const INSPECT: Permissions = { read: ["models", "output"] };

/** Opens the library and a model; writes nothing. */
export const DOCTOR: Permissions = { ffi: true, read: ["models", "node_modules/onnxruntime-node"] };

/** Checkpoints are read and model folders written in one place, so that one permission covers both. */
export const CONVERT: Permissions = { read: ["models"], write: ["models"] };

/** Models come from one hub, and from the mirror that a variable names where its host is granted too. */
export const FETCH: Permissions = {
  net: HUB_HOSTS,
  read: ["models"],
  write: ["models"],
  env: ["HF_ENDPOINT", "HF_TOKEN"],
};

/** The runs, and the files that ask for them. */
export const EXPERIMENT: Permissions = {
  ...SAMPLE,
  read: [...SAMPLE.read!, "scripts/experiments"],
};

const KINDS = ["ffi", "net", "sys", "read", "write", "env"] as const;

/** The flags of `deno run`, one for each kind. */
export function permissionFlags(permissions: Permissions): string[] {
  return KINDS.flatMap((kind) => {
    const granted = permissions[kind];
    if (granted === undefined) return [];
    return granted === true ? [`--allow-${kind}`] : [`--allow-${kind}=${granted.join(",")}`];
  });
}

/** The table of docs/permissions.md: commands that are granted the same share a row. */
export function permissionTable(
  commands: Readonly<Record<string, { permissions: Permissions }>>,
): string {
  const alike = Map.groupBy(
    Object.entries(commands),
    ([, { permissions }]) => permissionFlags(permissions).join(" "),
  );
  const rows = [...alike].map(([flags, entries]) =>
    `| ${entries.map(([name]) => `\`${name}\``).join(", ")} | \`${flags}\` |`
  );
  return ["| command | may do |", "| --- | --- |", ...rows].join("\n");
}
