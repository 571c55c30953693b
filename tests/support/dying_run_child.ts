/**
 * Runs parallel_dit in a process that ends, or meets a full disk, at the N-th boundary: before or
 * after a file or folder is synced or renamed. The first argument is the plan as JSON, the others
 * are the script's.
 * @module
 */
import { runMain } from "../../src/cli/main.ts";
import { samplingCommand } from "../../src/cli/commands/sampling_command.ts";
import { REFUSALS, watchFiles } from "./watched_files.ts";

/** What happens at the boundary. */
export type Ending = "SIGKILL" | "SIGSEGV" | "SIGABRT" | "out of memory" | "ENOSPC";

/** When and how the process ends. */
export interface Plan {
  /** Folder below which boundaries count. */
  root: string;
  /** Number of the boundary, from 1; 0 means none. */
  at: number;
  ending: Ending;
}

const ENDINGS: Readonly<Record<Ending, () => void>> = {
  SIGKILL: () => Deno.kill(Deno.pid, "SIGKILL"),
  SIGABRT: () => Deno.kill(Deno.pid, "SIGABRT"),
  // deno-lint-ignore house/unsafe-address -- the read at address 8 is meant to fail
  SIGSEGV: () => new Deno.UnsafePointerView(Deno.UnsafePointer.create(8n)!).getUint8(),
  "out of memory": () => {
    for (const held: string[][] = [];;) held.push(Array.from({ length: 1e5 }, String));
  },
  ENOSPC: () => {
    throw REFUSALS.ENOSPC();
  },
};

if (import.meta.main) {
  const { root, at, ending } = JSON.parse(Deno.args[0]) as Plan;
  let boundaries = 0;
  watchFiles(root, ({ name }) => {
    if (name !== "sync" && name !== "rename") return;
    if (++boundaries === at) ENDINGS[ending]();
  });
  await runMain(samplingCommand("dit").run, Deno.args.slice(1));
}
