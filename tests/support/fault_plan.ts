/** Plans of what devices do wrong. @module */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setDeviceWorker } from "../../src/runtime/worker_url.ts";

/** Ways to fail. `outOfMemory` has a cap: calls of more rows fail. */
export type FaultName =
  | "throw"
  | "status"
  | "wrongReply"
  | "lostReply"
  | "spin"
  | "nativeSleep"
  | "exit"
  | "nan"
  | "outOfMemory";

/** One line of a plan. */
export interface PlannedFault {
  /** `cpu:1`; every device when absent. */
  device?: string;
  op: "open" | "run";
  kind: FaultName;
  /** Number of the call, from 1; with `every` each multiple of it. */
  at: number;
  /** `once` in the life of the plan, `persistent` from call `at` on, `every` at its multiples. */
  times: "once" | "persistent" | "every";
  /** Rows that fit, for `outOfMemory`. */
  cap?: number;
}

/** A plan and a folder in which it notes what happened. */
export interface FaultPlan {
  faults: readonly PlannedFault[];
  /** Folder for marks: a fault that happens once must know of it in the next Worker too. */
  marks: string;
}

/** Where the plan lies: a Worker is started without arguments, but in this process. */
const PLAN_FILE = join(tmpdir(), `parataa-fault-plan-${Deno.pid}.json`);

/** Has every Worker that is started from now on follow a plan; the real one again without. */
export function followPlan(plan?: FaultPlan): void {
  if (plan) Deno.writeTextFileSync(PLAN_FILE, JSON.stringify(plan));
  else if (exists(PLAN_FILE)) Deno.removeSync(PLAN_FILE);
  const entry = plan ? "./faulty_worker.ts" : "../../src/runtime/device_worker.ts";
  setDeviceWorker(new URL(entry, import.meta.url));
}

/** For the Worker. */
export function readPlan(): FaultPlan {
  return JSON.parse(Deno.readTextFileSync(PLAN_FILE));
}

/** Faults of a plan that happened at least once. */
export function metFaults({ faults, marks }: FaultPlan): number {
  return faults.filter((_, i) => exists(`${marks}/${i}`)).length;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes the mark; says whether it was there already. */
export function marked(path: string): boolean {
  try {
    Deno.writeTextFileSync(path, "", { createNew: true });
    return false;
  } catch {
    return true; // two Workers may come here at the same time
  }
}
