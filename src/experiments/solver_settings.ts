/** What a sample was solved with, as tables have it. @module */

/** Tolerances of the solvers where none is given, as src/sampling/options.ts has them. */
const TQN_TOLERANCE = 3e-4, OTHER_TOLERANCE = 1e-3;

/** What a sample was solved with, as the columns of the table have it; empty where its method has no such thing. */
export interface SolverSettings {
  window: number | "";
  order: number | "";
  memory: number | "";
  tol: number | "";
}

/** Settings as they took effect: no window beyond the steps, no order beyond the window. */
export function solverSettings(
  args: Readonly<Record<string, unknown>>,
  method: string,
): SolverSettings {
  if (method === "sequential") return { window: "", order: "", memory: "", tol: "" };
  const number = (name: string) => typeof args[name] === "number" ? Number(args[name]) : undefined;
  const window = Math.min(number("window_size") ?? Infinity, number("timesteps") ?? Infinity);
  const order = number("order");
  return {
    window,
    order: order === undefined ? "" : Math.min(order, window),
    memory: number("memory_size") ?? "",
    tol: number("tol1") ?? (method === "tqn" ? TQN_TOLERANCE : OTHER_TOLERANCE),
  };
}
