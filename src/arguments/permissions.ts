/**
 * Permissions of every command. The tasks and permission sets of deno.json, docs/permissions.md and
 * the launcher of the single file are generated from this table or tested against it.
 * @module
 */

import { HUB_HOSTS } from "../hub/hub_address.ts";

/**
 * Permissions of one command; everything else is denied. Paths are relative to the project,
 * `output` to the working directory.
 */
export interface Permissions {
  /**
   * Native code. Deno cannot restrict it to one library, because memory returned by the library
   * must be read.
   */
  ffi?: true;
  /** Hosts to connect to. */
  net?: readonly string[];
  /** Machine facts, by the name of the Deno function that returns them. */
  sys?: readonly string[];
  read?: readonly string[];
  write?: readonly string[];
  /** Environment variables. */
  env?: readonly string[];
}

/** Reads models and the library, writes the run. */
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

/** `cpus` lets rerun report a different processor. */
export const RERUN: Permissions = { ...SAMPLE, sys: ["cpus"] };

/** Reads only. */
export const INSPECT: Permissions = { read: ["models", "output"] };

/** Opens the library and a model; writes nothing. */
export const DOCTOR: Permissions = { ffi: true, read: ["models", "node_modules/onnxruntime-node"] };

/**
 * Checkpoints are read from and model folders written to one folder, so that one permission covers
 * both.
 */
export const CONVERT: Permissions = { read: ["models"], write: ["models"] };

/** Models come from one hub, or from the mirror in HF_ENDPOINT if its host is granted too. */
export const FETCH: Permissions = {
  net: HUB_HOSTS,
  read: ["models"],
  write: ["models"],
  env: ["HF_ENDPOINT", "HF_TOKEN"],
};

/**
 * Reads the experiment files, writes the runs. `hostname` goes into the lock of each run: several
 * machines may make runs in one folder.
 */
export const EXPERIMENT: Permissions = {
  ...SAMPLE,
  sys: ["hostname"],
  read: [...SAMPLE.read!, "scripts/experiments"],
};

const KINDS = ["ffi", "net", "sys", "read", "write", "env"] as const;

/** Flags of `deno run`, one per kind of permission. */
export function permissionFlags(permissions: Permissions): string[] {
  return KINDS.flatMap((kind) => {
    const granted = permissions[kind];
    if (granted === undefined) return [];
    return granted === true ? [`--allow-${kind}`] : [`--allow-${kind}=${granted.join(",")}`];
  });
}

/** Table of docs/permissions.md; commands with equal permissions share a row. */
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
