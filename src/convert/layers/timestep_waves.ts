/** Sinusoidal embedding of timesteps. @module */
import type { GraphBuilder, Value } from "./graph_builder.ts";

const LONGEST_PERIOD = 10_000;

/**
 * Cosines, then sines, of numbers: `[rows, frequencies]` in float32.
 *
 * @param values name of a tensor of any numeric type and rank
 */
export function timestepWaves(
  g: GraphBuilder,
  name: string,
  values: string,
  frequencies: number,
): Value {
  // Timesteps reach 1000: their sines need float32.
  g.rawNode("Cast", `${name}.cast`, [values], [`${name}.t`], { to: { int: 1 } });
  const t = g.reshape(`${name}.column`, { name: `${name}.t`, type: "float32" }, [-1, 1]);
  const periods = timestepFrequencies(g, name, frequencies);
  const angles = g.node("Mul", `${name}.angles`, [t, periods]);
  const cos = g.node("Cos", `${name}.cos`, [angles]);
  const sin = g.node("Sin", `${name}.sin`, [angles]);
  return g.node("Concat", `${name}.waves`, [cos, sin], { attributes: { axis: { int: 1 } } });
}

/** 10000^(−i/n), rounded as PyTorch's float32 arithmetic rounds. */
function timestepFrequencies(g: GraphBuilder, name: string, frequencies: number): Value {
  const half = frequencies / 2;
  const log = Math.fround(-Math.log(LONGEST_PERIOD));
  const values = Array.from(
    { length: half },
    (_, i) => Math.exp(Math.fround(Math.fround(log * i) / half)),
  );
  return g.numbers(`${name}.frequencies`, values, [1, half]);
}
