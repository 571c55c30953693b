/**
 * A thousand rounds of faults: pools of four lanes, ten rounds each, in which devices throw, answer
 * wrongly, hang, leave, find no memory and will not open, at random but by a seed. After every pool
 * no Worker and no native object may be left; memory is reported.
 * @module
 */
import assert from "node:assert/strict";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { liveWorkers } from "../../src/devices/worker_link.ts";
import { evaluateRounds, lanes, openPool } from "../support/device_rows.ts";
import { type FaultName, followPlan, metFaults, type PlannedFault } from "../support/fault_plan.ts";
import { Random } from "../support/fuzz.ts";
import { withTempFolder } from "../support/temp_folder.ts";

const SEED = Number(Deno.env.get("SEED") ?? 1);
const POOLS = Number(Deno.env.get("POOLS") ?? 100), ROUNDS = 10;

const KINDS: readonly FaultName[] = ["throw", "status", "wrongReply", "outOfMemory"];
/** These cost a deadline each. */
const HANGS: readonly FaultName[] = ["lostReply", "spin", "exit"];

function randomPlan(random: Random): PlannedFault[] {
  const faults = Array.from({ length: 1 + random.below(4) }, (): PlannedFault => ({
    device: random.below(3) ? `cpu:${random.below(4)}` : undefined,
    op: random.below(8) ? "run" : "open",
    kind: random.pick(random.below(10) ? KINDS : HANGS),
    at: 1 + random.below(ROUNDS),
    times: random.pick(["once", "once", "every", "persistent"] as const),
    cap: random.below(4),
  }));
  // A Worker that says nothing when it is opened is waited for longer than this test takes.
  return faults.filter(({ op, kind }) => op === "run" || !HANGS.includes(kind));
}

Deno.test(`${POOLS * ROUNDS} rounds of faults leave nothing behind (seed ${SEED})`, async () => {
  await using healthy = await openPool({});
  const wanted = await evaluateRounds(healthy.pool, { rounds: ROUNDS });
  const own = handles();
  const random = new Random(SEED);
  let complete = 0, refused = 0, met = 0;
  const memory: number[] = [];
  for (let i = 0; i < POOLS; i++) {
    await withTempFolder(async (marks) => {
      const plan = { faults: randomPlan(random), marks };
      followPlan(plan);
      try {
        await using faulty = await openPool({ devices: lanes(4), deadlineSeconds: 0.5 });
        assert.deepEqual(await evaluateRounds(faulty.pool, { rounds: ROUNDS }), wanted);
        complete++;
      } catch (error) {
        assert.ok(error instanceof RuntimeLibraryError, Deno.inspect({ plan, error }));
        refused++;
      } finally {
        followPlan();
      }
      met += metFaults(plan);
      assert.equal(liveWorkers(), 0, JSON.stringify(plan));
      assert.equal(handles(), own, JSON.stringify(plan));
    });
    if (i % 10 === 9) memory.push(Deno.memoryUsage().rss / 2 ** 20);
  }
  console.log(
    `${complete} pools complete with the same bytes, ${refused} ended with exit code 7, ${met} faults met; ` +
      `MiB after every tenth: ${memory.map((mib) => mib.toFixed(0)).join(" ")}`,
  );
  assert.ok(complete > POOLS / 2 && met > POOLS / 2);
});

function handles(): string {
  return JSON.stringify(Object.entries(liveHandles()).filter(([, count]) => count !== 0));
}
