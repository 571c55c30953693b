/** Solver methods and the solver flags that each method accepts. @module */

/** Methods that solve the chain; `own` is the solver of the file that `solver` names. */
export const METHODS: readonly MethodName[] = [
  ...["tqn", "parataa", "fixed_point", "sequential", "own"] as const,
];

/** One of {@link METHODS}. */
export type MethodName = "tqn" | "parataa" | "fixed_point" | "sequential" | "own";

/** Flags of every method that works in rounds. */
const ROUNDS = ["preset", "window_size", "plan", "preview_every"] as const;

/** Solver flags that each method accepts; other flags of the group Solver are refused. */
export const SOLVER_FLAGS: Record<MethodName, readonly string[]> = {
  tqn: [...ROUNDS, "tol1", "tol2", "max_steps"],
  parataa: [...ROUNDS, "order", "memory_size", "tol1", "tol2", "max_steps", "compat"],
  fixed_point: [...ROUNDS, "order", "tol1", "tol2", "max_steps"],
  sequential: [],
  own: [
    ...["solver", "window_size", "preview_every", "order", "memory_size"],
    ...["tol1", "tol2", "max_steps"],
  ],
};
