/**
 * Measures what a round of guided steps takes beside the network: filling its rows, guidance, and
 * the search for values that are not finite. Eight steps of 4×64×64, as in a window of 8. `--base
 * DIR` also measures the code of another checkout.
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PoolRows } from "../../src/devices/rows/row_batch.ts";
import type * as guided from "../../src/models/guided_denoiser.ts";
import type { ConditionalNetwork } from "../../src/models/networks/conditional_network.ts";
import type { NetworkContract } from "../../src/models/networks/network_contract.ts";
import type * as buffers from "../../src/models/networks/row_buffers.ts";
import type * as sampling from "../../sampling.ts";
import { type BenchRow, median, printTable } from "./table.ts";
import { answerKind, checkouts, takeTurns, THIS_CODE } from "./turns.ts";

const TYPES = { float32: Float32Array, float16: Float16Array };
const SCHEDULES = { DDIM: 1, Euler: 0.5 };
const STEPS = 8, SHAPE = [4, 64, 64] as const, ROW = 4 * 64 * 64;
const CALLS = 200, WARM_CALLS = 100;

/** Rows of a type, whose latents are scaled (Euler) or not (DDIM). */
interface Kind {
  code: string;
  type: keyof typeof TYPES;
  schedule: keyof typeof SCHEDULES;
}

/** Measures this code, and that of a checkout beside it. */
export async function benchGuidance(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const type of Object.keys(TYPES) as Kind["type"][]) {
    for (const schedule of Object.keys(SCHEDULES) as Kind["schedule"][]) {
      const kinds = checkouts().map((code): Kind => ({ code, type, schedule }));
      const values = (await takeTurns<number>(import.meta.url, kinds)).map(median);
      const group = `${STEPS} guided steps of 4×64×64 beside the network, ${type}, ${schedule}`;
      rows.push(...kinds.map(({ code }, i) => {
        const note = i === 0 && values.length > 1
          ? `${(values[0] / values[1]).toFixed(2)} of base`
          : "";
        return {
          group,
          name: code === THIS_CODE ? "this code" : code,
          value: values[i],
          unit: "ms",
          note,
        };
      }));
    }
  }
  return rows;
}

/** Median milliseconds of a call on a network that takes no time. */
async function measure({ code, type, schedule: name }: Kind): Promise<number> {
  const load = (path: string) => import(pathToFileURL(join(code, path)).href);
  const { GuidedDenoiser }: typeof guided = await load("src/models/guided_denoiser.ts");
  const { createSchedule }: typeof sampling = await load("sampling.ts");
  const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 50 });
  const [conditional, unconditional] = [1, 2].map((value) => [new TYPES[type](8).fill(value)]);
  const network = await idleNetwork(load, type);
  const options = { schedule, conditional, unconditional, guidanceScale: 4 };
  const denoiser = new GuidedDenoiser(network, options);
  schedule.inputScale.fill(SCHEDULES[name]);
  const latents = new Float64Array(STEPS * ROW).fill(0.3), out = new Float64Array(STEPS * ROW);
  const steps = Int32Array.from({ length: STEPS }, (_, i) => 10 + i), times: number[] = [];
  for (let call = 0; call < WARM_CALLS + CALLS; call++) {
    const before = performance.now();
    await denoiser.predictNoise(latents, steps, out);
    if (call >= WARM_CALLS) times.push(performance.now() - before);
  }
  return median(times);
}

async function idleNetwork(
  load: (path: string) => Promise<unknown>,
  type: Kind["type"],
): Promise<ConditionalNetwork> {
  const { NetworkRows } = await load("src/models/networks/row_buffers.ts") as typeof buffers;
  const array = (length: number) => new TYPES[type](2 * STEPS * length).fill(0.2);
  const memory = {
    inputs: [array(ROW), array(1), array(8)],
    outputs: [array(ROW)],
    ...{ capacity: 2 * STEPS, evaluatedBy: new Array(2 * STEPS).fill("idle") },
  };
  const contract = { latentShape: SHAPE, outputChannels: 4, timestep: { name: "t", type } };
  const rows = new NetworkRows(
    memory as unknown as PoolRows,
    contract as unknown as NetworkContract,
  );
  const network = { latentShape: SHAPE, rowSize: ROW, contract, lease: () => rows, release() {} };
  return { ...network, run: () => Promise.resolve() } as unknown as ConditionalNetwork;
}

if (import.meta.main && !await answerKind(measure)) printTable(await benchGuidance());
