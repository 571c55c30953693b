/** Describes the machine of a run. @module */
import { cpus } from "node:os";

/**
 * Facts about a machine. They are not part of the result, but may explain different results on two
 * machines.
 */
export interface Host {
  /** Operating system: `linux`, … */
  os: string;
  /** Architecture: `x86_64`, … */
  arch: string;
  /** Logical cores; the default number of threads. */
  cores: number;
  /** Processor model; absent without `--allow-sys=cpus`. */
  cpu?: string;
}

/** Name of this machine in its network; `undefined` without `--allow-sys=hostname`. */
export async function hostName(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "sys", kind: "hostname" });
  return state === "granted" ? Deno.hostname() : undefined;
}

/** Facts about this machine. Requests no permission. */
export async function describeHost(): Promise<Host> {
  const { os, arch } = Deno.build;
  const { state } = await Deno.permissions.query({ name: "sys", kind: "cpus" });
  const cpu = state === "granted" ? cpus()[0]?.model.trim() : undefined;
  return { os, arch, cores: navigator.hardwareConcurrency, ...(cpu ? { cpu } : {}) };
}
