/** Groups of a network's GroupNorms. @module */
import type { ConfigReader } from "../../models/config_reader.ts";

/**
 * Reads `norm_num_groups`. Default 32.
 *
 * @throws {ModelError} if it does not divide all widths
 */
export function normGroups(reader: ConfigReader, widths: readonly number[]): number {
  const key = "norm_num_groups";
  const groups = reader.size(key, { fallback: 32, most: 2 ** 16 });
  if (widths.every((width) => width % groups === 0)) return groups;
  throw reader.refusal(`${key} is ${groups}, wanted a divisor of all of ${widths.join(", ")}`);
}
