/**
 * Settings of `scheduler_config.json` that choose levels for Euler's method and DPM-Solver++ 2M, or
 * another solver of the same class.
 * @module
 */
import type { JsonValue } from "../../formats/json.ts";
import { SIGMA_SPACINGS, type SigmaSpacing } from "../../sampling/schedules/sigma_spacing.ts";
import type { ConfigReader } from "../config_reader.ts";

/** Levels instead of those of `timestep_spacing`. */
export interface SigmaSettings {
  sigmaSpacing?: SigmaSpacing;
  sigmaMin?: number;
  sigmaMax?: number;
  finalSigma?: "sigma_min";
}

/** Supported values of Euler's class; the first one is the default. */
const EULER: Readonly<Record<string, readonly JsonValue[]>> = {
  interpolation_type: ["linear"],
};

/** Values with which the multistep class is DPM-Solver++ 2M. */
const MULTISTEP: Readonly<Record<string, readonly JsonValue[]>> = {
  algorithm_type: ["dpmsolver++"],
  solver_order: [2],
  solver_type: ["midpoint"],
  euler_at_final: [false, null],
  final_sigmas_type: ["zero"],
  use_lu_lambdas: [false, null],
  lambda_min_clipped: [-Infinity, null],
  variance_type: [null],
};

/** Settings of `EulerDiscreteScheduler`. @throws {ModelError} if they select another method */
export function eulerSettings(file: ConfigReader): SigmaSettings {
  file.fixed(EULER);
  const final = file.oneOf("final_sigmas_type", ["zero", "sigma_min"]);
  const sigmaSpacing = readSigmaSpacing(file);
  const limits = { sigmaMin: optional(file, "sigma_min"), sigmaMax: optional(file, "sigma_max") };
  return {
    ...(sigmaSpacing && { sigmaSpacing, ...defined(limits) }),
    ...(final === "sigma_min" && { finalSigma: final }),
  };
}

/** Settings of `DPMSolverMultistepScheduler`. @throws {ModelError} unless it is 2M */
export function multistepSettings(file: ConfigReader): SigmaSettings {
  file.fixed(MULTISTEP);
  const sigmaSpacing = readSigmaSpacing(file);
  return sigmaSpacing ? { sigmaSpacing } : {};
}

/** The one of `use_karras_sigmas`, `use_exponential_sigmas` and `use_beta_sigmas` that is on. */
export function readSigmaSpacing(file: ConfigReader): SigmaSpacing | undefined {
  const on = SIGMA_SPACINGS.filter((spacing) => file.flag(`use_${spacing}_sigmas`));
  if (on.length < 2) return on[0];
  throw file.refusal(
    `${on.map((name) => `use_${name}_sigmas`).join(" and ")} are true, wanted one`,
  );
}

function optional(file: ConfigReader, key: string): number | undefined {
  return file.get(key) === null ? undefined : file.number(key);
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, v]) => v !== undefined)) as T;
}
