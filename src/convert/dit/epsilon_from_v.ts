/**
 * Converts a prediction of v to ε inside a graph (Salimans and Ho, "Progressive distillation for
 * fast sampling of diffusion models", 2022).
 * @module
 */
import { alphasCumprod } from "../../sampling/schedules/alphas_cumprod.ts";
import type { SchedulerConfig } from "../../sampling/schedules/scheduler_config.ts";
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";

/** Values that the conversion uses. */
export interface EpsilonFromV {
  /** Output of the network: v, then any further channels. */
  out: Value;
  /** Input x_t, the latent. */
  sample: Value;
  /** Name of the input t. */
  timestep: string;
  /** Channels of v. */
  channels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Noise levels that the network was trained with. */
  schedule: Readonly<SchedulerConfig>;
}

/**
 * ε = √ᾱ[t] · v + √(1 − ᾱ[t]) · x_t by tables of the training levels; further channels pass
 * through.
 */
export function epsilonFromV(g: GraphBuilder, parts: EpsilonFromV): Value {
  const { out, sample, timestep, channels, outChannels, schedule } = parts;
  const alphas = alphasCumprod(schedule, "float64");
  const signal = byTimestep(g, "epsilon.signal", alphas.map(Math.sqrt), timestep);
  const noise = byTimestep(g, "epsilon.noise", alphas.map((a) => Math.sqrt(1 - a)), timestep);
  const rest = outChannels - channels;
  const v = rest === 0 ? out : { name: "epsilon.v", type: out.type };
  if (rest > 0) {
    const sizes = g.integers([channels, rest]);
    g.rawNode("Split", "epsilon.split", [out.name, sizes], [v.name, "epsilon.rest"], {
      axis: { int: 1 },
    });
  }
  const epsilon = g.node("Add", "epsilon", [
    g.node("Mul", "epsilon.from_v", [v, signal]),
    g.node("Mul", "epsilon.from_sample", [sample, noise]),
  ]);
  if (rest === 0) return epsilon;
  return g.node("Concat", "epsilon.and_rest", [epsilon], {
    constants: ["epsilon.rest"],
    attributes: { axis: { int: 1 } },
  });
}

function byTimestep(g: GraphBuilder, name: string, values: Float64Array, timestep: string): Value {
  const table = g.numbers(`${name}.table`, [...values], [values.length]);
  const row = g.node("Gather", `${name}.row`, [table], { constants: [timestep] });
  return g.reshape(name, row, [-1, 1, 1, 1]);
}
