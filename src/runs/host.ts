/** The machine that a run was made on. @module */
import { cpus } from "node:os";

/** Facts about a machine: they do not belong to the result, and explain it where two machines differ. */
export interface Host {
  /** `linux`, … */
  os: string;
  /** `x86_64`, … */
  arch: string;
  /** Logical cores; threads of a run that was given no `--threads`. */
  cores: number;
  /** Model of the processor; absent where `--allow-sys=cpus` was not granted. */
  cpu?: string;
}

/** Asks the system, and never for a permission that is not there yet. */
export async function describeHost(): Promise<Host> {
  const { os, arch } = Deno.build;
  const { state } = await Deno.permissions.query({ name: "sys", kind: "cpus" });
  const cpu = state === "granted" ? cpus()[0]?.model.trim() : undefined;
  return { os, arch, cores: navigator.hardwareConcurrency, ...(cpu ? { cpu } : {}) };
}
