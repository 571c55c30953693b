/**
 * Operators that mix the rows of a batch.
 *
 * Dynamic quantisation takes one scale for a whole tensor, so that a row's result depends on the
 * rows beside it (github.com/microsoft/onnxruntime/issues/10111). Such a network is given one row a
 * call.
 * @module
 */
import { FileSource } from "../../formats/file_source.ts";
import { type NodeSketch, type NodeSketches, readNodes } from "../../formats/onnx/onnx_nodes.ts";

/** Operators that quantise their input by its own range. */
const OPERATORS = new Set([
  "DynamicQuantizeLinear",
  "DynamicQuantizeMatMul",
  "DynamicQuantizeLSTM",
]);

/**
 * Names of the operators of an ONNX file that mix the rows of `inputs`; those that work on weights
 * alone are left out.
 *
 * @throws {FormatError} where the file is no ONNX model
 */
export async function batchWideOperators(
  file: string,
  inputs: readonly string[],
): Promise<readonly string[]> {
  using source = FileSource.open(file);
  return findBatchWide(await readNodes(source, file), inputs);
}

/** As {@link batchWideOperators}, of nodes that were read. */
export function findBatchWide(
  { nodes, functions }: NodeSketches,
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

/** Inputs of a node and of all that its sub-graphs hold, which see the values around them. */
function names({ inputs, inner }: NodeSketch): string[] {
  return [...inputs, ...inner.flatMap(names)];
}

/** Operators of a node, its sub-graphs and the functions that it calls. */
function operators(node: NodeSketch, functions: NodeSketches["functions"]): Set<string> {
  const seen = new Set<string>();
  const visit = ({ op, inner }: NodeSketch) => {
    inner.forEach(visit);
    if (seen.has(op)) return;
    seen.add(op);
    functions.get(op)?.forEach(visit);
  };
  visit(node);
  return seen;
}
