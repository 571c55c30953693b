/** Describes tensor files: checkpoints, safetensors, shards. @module */
import { elementsOf } from "../../elements_of.ts";
import { openTensors } from "../../formats/open_tensors.ts";
import { SafetensorsFile } from "../../formats/safetensors/safetensors.ts";
import { ShardedTensors } from "../../formats/safetensors/sharded_tensors.ts";
import type { TensorEntry } from "../../formats/tensor_file.ts";
import { TorchFile } from "../../formats/torch/torch_file.ts";
import { fileFact } from "./file_fact.ts";
import type { InspectOptions, Report } from "./report.ts";

/**
 * Describes a tensor file.
 *
 * @throws {FormatError} when it is damaged or of another kind
 */
export async function inspectTensors(path: string, options: InspectOptions): Promise<Report> {
  using opened = await openTensors(path, { part: options.part });
  const { tensors, paths } = opened;
  const { entries } = tensors;
  const all = tensors instanceof ShardedTensors ? [path, ...paths] : paths;
  return {
    path,
    ...nameOf(tensors),
    files: await Promise.all(all.map((path) => fileFact(path, options))),
    facts: { ...totals([...entries.values()]), ...details(tensors) },
    tensors: options.tensors
      ? [...entries].map(([name, { dtype, shape }]) => ({ name, dtype, shape }))
      : undefined,
    problems: [],
  };
}

function nameOf(
  tensors: SafetensorsFile | TorchFile | ShardedTensors,
): Pick<Report, "kind" | "what"> {
  if (tensors instanceof TorchFile) return { kind: "pytorch", what: "PyTorch checkpoint" };
  if (tensors instanceof SafetensorsFile) return { kind: "safetensors", what: "safetensors file" };
  return { kind: "sharded", what: `tensors in ${tensors.shards.length} shards` };
}

function totals(entries: readonly TensorEntry[]): Report["facts"] {
  const dtypes = new Map<string, number>();
  let elements = 0;
  let bytes = 0;
  for (const { dtype, shape, length } of entries) {
    dtypes.set(dtype, (dtypes.get(dtype) ?? 0) + 1);
    elements += elementsOf(shape);
    bytes += length;
  }
  return {
    tensors: entries.length,
    elements,
    "tensor bytes": bytes,
    dtypes: [...dtypes].map(([dtype, count]) => `${dtype} ${count}`).join(", ") || null,
  };
}

function details(tensors: SafetensorsFile | TorchFile | ShardedTensors): Report["facts"] {
  if (tensors instanceof TorchFile) {
    const { part, parts, skipped, unread } = tensors;
    return {
      "state dict": part ?? "the whole checkpoint",
      ...(parts.size > 0 ? { parts: partList(parts) } : {}),
      ...(skipped.length > 0 ? { "no tensors": firstNames(skipped) } : {}),
      ...(unread.length > 0 ? { "not called": firstNames(unread) } : {}),
    };
  }
  if (tensors instanceof SafetensorsFile) {
    return Object.fromEntries([...tensors.metadata].map(([key, text]) => [`meta ${key}`, text]));
  }
  return {};
}

function partList(parts: ReadonlyMap<string, number>): string {
  return firstNames([...parts].map(([key, count]) => `${key} (${count} tensors)`));
}

/** The first names, and the number of the others. */
function firstNames(names: readonly string[]): string {
  const more = names.length > 8 ? ` and ${names.length - 8} more` : "";
  return `${names.slice(0, 8).join(", ")}${more}`;
}
