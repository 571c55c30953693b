/**
 * Finds operators that mix the rows of a batch.
 *
 * Dynamic quantisation uses one scale for a whole tensor, so a row's result depends on the other
 * rows (github.com/microsoft/onnxruntime/issues/10111). Such a network is called with one row at a
 * time.
 * @module
 */
import { FileSource } from "../../formats/file_source.ts";
import { type NodeSummaries, type NodeSummary, readNodes } from "../../formats/onnx/onnx_nodes.ts";

/** Operators that quantise their input by its range. */
const OPERATORS = new Set([
  "DynamicQuantizeLinear",
  "DynamicQuantizeMatMul",
  "DynamicQuantizeLSTM",
]);

/**
 * Returns the names of the operators of an ONNX file that mix the rows of `inputs`. Operators on
 * weights only are left out.
 *
 * @throws {FormatError} if the file is not an ONNX model
 */
export async function batchWideOperators(
  file: string,
  inputs: readonly string[],
): Promise<readonly string[]> {
  using source = FileSource.open(file);
  return findBatchWide(await readNodes(source, file), inputs);
}

/** Like {@link batchWideOperators}, for nodes that have been read. */
export function findBatchWide(
  { nodes, functions }: NodeSummaries,
  inputs: readonly string[],
): readonly string[] {
  const rows = new Set(inputs);
  const found = new Set<string>();
  for (const node of nodes) {
    if (!names(node).some((name) => rows.has(name))) continue;
    node.outputs.forEach((name) => rows.add(name));
    for (const op of operators(node, functions)) if (OPERATORS.has(op)) found.add(op);
  }
  return [...found].sort();
}

/** Inputs of a node and of its sub-graphs, which can read outer values. */
function names({ inputs, inner }: NodeSummary): string[] {
  return [...inputs, ...inner.flatMap(names)];
}

/** Operators of a node, of its sub-graphs and of the functions it calls. */
function operators(node: NodeSummary, functions: NodeSummaries["functions"]): Set<string> {
  const seen = new Set<string>();
  const visit = ({ op, inner }: NodeSummary) => {
    inner.forEach(visit);
    if (seen.has(op)) return;
    seen.add(op);
    functions.get(op)?.forEach(visit);
  };
  visit(node);
  return seen;
}
