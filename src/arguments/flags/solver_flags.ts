/** Flags that choose the solver and its settings. @module */
import { PRESETS } from "../../sampling/presets.ts";
import { type Flag, NO_LIMIT } from "../flag.ts";
import { METHODS } from "../methods.ts";

/** Flags of every sampling script. @param order default order of the triangular system */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function solverFlags(order: number) {
  return {
    method: {
      type: "choice",
      choices: METHODS,
      default: "tqn",
      group: "Solver",
      help:
        "solver: tqn (ours), parataa (the paper's), fixed_point, sequential (one step at a time) " +
        "or own (--solver)",
    },
    solver: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Solver",
      help: "module whose default export creates a solver; see examples/own_solver.ts",
    },
    preset: {
      type: "choice",
      choices: PRESETS,
      sparse: true,
      group: "Solver",
      help:
        "solver settings: exact is tolerance 0, reference the plain method, visual fewer rounds for " +
        "images that look the same (default: fast)",
    },
    window_size: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      word: "auto",
      default: 100,
      group: "Solver",
      help:
        "steps evaluated per round, at most the timesteps; auto, the default on a GPU, measures " +
        "the devices and chooses",
    },
    order: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      default: order,
      group: "Solver",
      help: "order k of the triangular system, at most the window size",
    },
    memory_size: {
      type: "integer",
      min: 1,
      max: 16,
      default: 2,
      group: "Solver",
      help: "memory m of Anderson acceleration; 1 disables it",
    },
    tol1: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      group: "Solver",
      help: "RMS residual at which a step has converged (default: 0.001; tqn: 0.0003)",
    },
    tol2: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      group: "Solver",
      help: "... or residual relative to the step's own noise (default: 0.001; tqn: 10 times tol1)",
    },
    max_steps: {
      type: "integer",
      min: 1,
      max: NO_LIMIT,
      group: "Solver",
      help: "stop after step_(N-1), which is N - 1 rounds, like the official scripts",
    },
    compat: {
      type: "choice",
      choices: ["official"],
      group: "Solver",
      help: "reproduce the official code's memory defect (see docs/faq.md)",
    },
  } as const satisfies Record<string, Flag>;
}
