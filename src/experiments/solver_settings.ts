/** Solver settings of a sample, for tables. @module */
import { presetTolerance } from "../sampling/presets.ts";

/**
 * Solver settings in the form of the table's columns; empty if the method does not use a setting.
 */
export interface SolverSettings {
  window: number | "";
  order: number | "";
  memory: number | "";
  tol: number | "";
}

/** Effective settings: the window is at most the steps, the order at most the window. */
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
    tol: number("tol1") ?? presetTolerance(args.preset, method),
  };
}
