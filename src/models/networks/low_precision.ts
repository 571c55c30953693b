/**
 * Detects exports in fp8 or fp4 for TensorRT. ONNX Runtime does not support their operators or
 * element types, and its message does not mention the cause.
 * @module
 */
import { FormatError, ModelError } from "../../errors.ts";
import { FileSource } from "../../formats/file_source.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { type NodeSummary, readNodes } from "../../formats/onnx/onnx_nodes.ts";

/** TensorRT's own operators, and quantisation to fewer than eight bits or to floats of eight. */
const OPERATOR = /^TRT_|(FP|NVFP|MXFP)(4|8)/;
/** Element types in messages of ONNX Runtime. */
const TYPE = /float8\w*|float4\w*/i;
/** Names of such element types by ONNX's numbers. */
const TYPES: Readonly<Record<number, string>> = {
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  23: "float4e2m1",
  24: "float8e8m0",
};
/** Largest file that is searched; large networks have their weights in other files. */
const MAX_BYTES = 2 ** 28;

/**
 * The error for an fp8 or fp4 export that could not be opened.
 *
 * @returns `undefined` if the network is no such export
 */
export async function lowPrecisionError(
  file: string,
  cause: unknown,
): Promise<ModelError | undefined> {
  if (!(cause instanceof ModelError)) return undefined;
  const found = await lowPrecisionPart(file) ?? TYPE.exec(cause.message)?.[0];
  if (found === undefined) return undefined;
  return new ModelError(
    `${file} uses ${found}, it is an fp8 or fp4 export for TensorRT, wanted one in float16 or ` +
      "float32",
    { hint: "export the network in float16 or float32", cause },
  );
}

/** An operator, or else the element type of a weight. */
async function lowPrecisionPart(file: string): Promise<string | undefined> {
  using source = FileSource.open(file);
  try {
    const { nodes, functions } = await readNodes(source, file);
    const all = operators([...nodes, ...[...functions.values()].flat()]);
    const operator = all.find((op) => OPERATOR.test(op));
    if (operator !== undefined || source.size > MAX_BYTES) return operator;
    const { initializers } = readOnnx(await Deno.readFile(file), { file }).graph;
    return initializers.map(({ elemType }) => TYPES[elemType]).find((type) => type !== undefined);
  } catch (error) {
    if (error instanceof FormatError) return undefined; // ONNX Runtime's message stands
    throw error;
  }
}

function operators(nodes: readonly NodeSummary[]): string[] {
  return nodes.flatMap(({ op, inner }) => [op, ...operators(inner)]);
}
