/** The size of a LoRA's change, from the shapes of its parts. @module */
import { elementsOf } from "../../elements_of.ts";
import type { LoraPart } from "./lora_names.ts";

/** Rows and columns of a change. */
export interface LoraSize {
  rows: number;
  columns: number;
}

type Shape = readonly number[];

/** Size of a change; `undefined` if parts are missing. */
export function loraSize(shapes: ReadonlyMap<LoraPart, Shape>): LoraSize | undefined {
  const of = (part: string) => shapes.get(part as LoraPart);
  const [up, down] = [of("up"), of("down")];
  if (up && down) return { rows: rowsOf(up), columns: columnsOf(down) * kernelOf(of("mid")) };
  const first = factorSize(of("hada_w1_a"), of("hada_w1_b"), of("hada_t1"));
  if (first && of("hada_w2_a") && of("hada_w2_b")) return first;
  const [left, right] = ["1", "2"].map((i) => {
    const whole = of(`lokr_w${i}`);
    if (whole) return { rows: rowsOf(whole), columns: columnsOf(whole) };
    const core = i === "2" ? of("lokr_t2") : undefined;
    return factorSize(of(`lokr_w${i}_a`), of(`lokr_w${i}_b`), core);
  });
  if (!left || !right) return undefined;
  return { rows: left.rows * right.rows, columns: left.columns * right.columns };
}

function factorSize(
  a: Shape | undefined,
  b: Shape | undefined,
  core: Shape | undefined,
): LoraSize | undefined {
  if (!a || !b) return undefined;
  return { rows: core ? columnsOf(a) : rowsOf(a), columns: columnsOf(b) * kernelOf(core) };
}

function rowsOf(shape: Shape): number {
  return shape[0] ?? 1;
}

function columnsOf(shape: Shape): number {
  return elementsOf(shape.slice(1));
}

/** Kernel elements per pair of channels, from the core of a convolution's change. */
export function kernelOf(core: Shape | undefined): number {
  return elementsOf((core ?? []).slice(2));
}
