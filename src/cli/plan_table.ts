/** Output of `--plan`. @module */
import type { Plan } from "../jobs/planning/plan_window.ts";

/** Table of the measured call times and of all windows. */
export function planTable({ times, windows, best }: Plan): string[] {
  const row = (...cells: (string | number)[]) => cells.map((c) => String(c).padStart(12)).join("");
  return [
    row("steps/call", "ms", "ms/step"),
    ...times.map(({ steps, seconds }) =>
      row(steps, (1000 * seconds).toFixed(1), (1000 * seconds / steps).toFixed(1))
    ),
    "",
    row("window", "rounds", "evaluations", "seconds"),
    ...windows.map((plan) =>
      row(plan.window, plan.rounds.toFixed(1), plan.nfe.toFixed(0), plan.seconds.toFixed(2)) +
      (plan === best ? "  <- auto" : "")
    ),
    "",
  ];
}
