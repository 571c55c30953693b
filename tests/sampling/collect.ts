/** Runs a sampler to its end. */
import type { Round, SampleResult } from "../../mod.ts";

export async function collect(
  generator: AsyncGenerator<Round, SampleResult>,
): Promise<{ rounds: Round[]; result: SampleResult }> {
  const rounds: Round[] = [];
  let next = await generator.next();
  for (; !next.done; next = await generator.next()) rounds.push(next.value);
  return { rounds, result: next.value };
}
