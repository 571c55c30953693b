/** Plans of device faults. @module */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setDeviceWorker } from "../../src/devices/worker_url.ts";

/** Kinds of faults. `outOfMemory` has a cap: calls with more rows fail. */
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

/** A planned fault. */
export interface PlannedFault {
  /** Device, such as `cpu:1`; absent means every device. */
  device?: string;
  op: "open" | "run";
  kind: FaultName;
  /** Number of the call, from 1; with `every`, each multiple of it. */
  at: number;
  /** `once` per plan, `persistent` from call `at` on, or `every` multiple of it. */
  times: "once" | "persistent" | "every";
  /** Most rows that fit, for `outOfMemory`. */
  cap?: number;
}

/** A plan, and a folder that records its faults. */
export interface FaultPlan {
  faults: readonly PlannedFault[];
  /** Folder of marks, by which later Workers know that a fault has happened. */
  marks: string;
}

/** Path of the plan; test files that run at the same time have one each. */
const PLAN_FILE = join(tmpdir(), `parataa-fault-plan-${crypto.randomUUID()}.json`);

/** Makes every new Worker follow a plan; without a plan, restores the real Worker. */
export function followPlan(plan?: FaultPlan): void {
  if (plan) Deno.writeTextFileSync(PLAN_FILE, JSON.stringify(plan));
  else if (exists(PLAN_FILE)) Deno.removeSync(PLAN_FILE);
  // A Worker has no arguments: its URL names the plan.
  const faulty = `./faulty_worker.ts?plan=${encodeURIComponent(PLAN_FILE)}`;
  const entry = plan ? faulty : "../../src/devices/device_worker.ts";
  setDeviceWorker(new URL(entry, import.meta.url));
}

/** Reads the plan that the URL of a Worker names. */
export function readPlan(worker: string): FaultPlan {
  return JSON.parse(Deno.readTextFileSync(new URL(worker).searchParams.get("plan")!));
}

/** Returns the number of faults of a plan that happened at least once. */
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

/** Creates the mark. Returns whether it existed. */
export function marked(path: string): boolean {
  try {
    Deno.writeTextFileSync(path, "", { createNew: true });
    return false;
  } catch {
    return true; // two Workers may create it at the same time
  }
}
