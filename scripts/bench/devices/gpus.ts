/**
 * Latency models of the simulated devices.
 *
 * A100: a UNet of Stable Diffusion's size at 512×512 in ONNX Runtime's CUDA provider on an
 * A100-SXM4-80GB, fp16. huggingface.co/tlwu/sd-turbo-onnxruntime reports 38.2 and 68.7 ms for 1 and
 * 4 steps of one image, and 120.2 and 192.6 ms for four images. So a step takes
 * (68.7 − 38.2) / 3 = 10.17 ms for one row and 24.13 ms for four rows: 5.5 ms per call and 4.65 ms
 * per row.
 *
 * H100: assumed to be faster by the ratio reported by
 * huggingface.co/stabilityai/stable-diffusion-xl-1.0-tensorrt, 2742 / 1471 ms.
 *
 * Small network: assumed to take as long as the DiT of models/dit-emoji on one CPU core, 1.85 ms
 * for one row and 45.0 ms for 64 rows (docs/performance.md, "Calls of the shipped networks").
 * @module
 */
import type { Latency } from "./latency.ts";

const H100_RATIO = 2742 / 1471;
const SMALL_ROW = (45.0 - 1.85) / 63;

/** Simulated A100. */
export const A100: Latency = { fixed: 5.51, perRow: 4.65 };

/** Latency models by the name in tables. */
export const GPUS: Readonly<Record<string, Latency>> = {
  A100,
  H100: { fixed: A100.fixed / H100_RATIO, perRow: A100.perRow / H100_RATIO },
  "small network": { fixed: 1.85 - SMALL_ROW, perRow: SMALL_ROW },
};

/** Guidance takes one conditional and one unconditional row. */
export const ROWS_PER_STEP = 2;

/** Returns the milliseconds of a call of `rows` rows. */
export function callTime({ fixed, perRow }: Latency, rows: number): number {
  return fixed + perRow * rows;
}

/** Returns the milliseconds of a guided round: those of the device with the most rows. */
export function roundTime(latency: Latency, evaluations: number, devices: number): number {
  return callTime(latency, Math.ceil(evaluations * ROWS_PER_STEP / devices));
}
