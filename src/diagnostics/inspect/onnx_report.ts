/** Describes ONNX files without ONNX Runtime. @module */
import { elementsOf } from "../../elements_of.ts";
import { FormatError, ModelError } from "../../errors.ts";
import { placeNetwork } from "../../formats/onnx/external_files.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { externalFiles } from "../../formats/onnx/onnx_external.ts";
import type { OnnxModel, OnnxValue } from "../../formats/onnx/onnx_types.ts";
import { batchWideOperators } from "../../models/networks/batch_wide.ts";
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { elementType } from "../../runtime/tensor_type.ts";
import { fileFact } from "./file_fact.ts";
import { networkVerdict, timestepText } from "./network_verdict.ts";
import type { InspectOptions, Report, TensorFact } from "./report.ts";

/** Size limit of protobuf messages. */
const MAX_BYTES = 2 ** 31;

/** Names of element types without a typed array. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  14: "complex64",
  15: "complex128",
  17: "float8e4m3fn",
  19: "float8e5m2",
  21: "uint4",
  22: "int4",
};

/**
 * Describes an ONNX file and its external data files.
 *
 * @throws {FormatError} when it is damaged
 */
export async function inspectOnnx(path: string, options: InspectOptions): Promise<Report> {
  const { size } = await Deno.stat(path);
  if (size >= MAX_BYTES) {
    throw new FormatError(`${path}: ${size} bytes, an ONNX file has at most 2 GiB`);
  }
  const bytes = await Deno.readFile(path);
  const model = readOnnx(bytes, { file: path });
  const { problems, files } = await checkExternalFiles(path, model, options);
  const inputs = model.graph.inputs.map(metadataOf);
  const outputs = model.graph.outputs.map(metadataOf);
  const timestep = timestepText({ inputs });
  const mixed = timestep ? await batchWideOperators(path, inputs.map(({ name }) => name)) : [];
  return {
    path,
    kind: "onnx",
    what: `ONNX network${model.producer.name ? ` by ${model.producer.name}` : ""}`,
    files: [await fileFact(path, options), ...files],
    facts: { ...factsOf(model), ...(timestep ? { timestep } : {}) },
    inputs: inputs.map(factOf),
    outputs: outputs.map(factOf),
    tensors: options.tensors ? initializersOf(model) : undefined,
    contract: networkVerdict({ file: path, inputs, outputs, bytes }),
    notes: mixed.map((op) =>
      `${op} uses one scale for all rows of a call, so each call has one row`
    ),
    problems,
  };
}

async function checkExternalFiles(
  path: string,
  model: OnnxModel,
  options: InspectOptions,
): Promise<Pick<Report, "problems" | "files">> {
  try {
    const { data } = await placeNetwork(path, externalFiles(model));
    const files = [...data.values()].map((file) => fileFact(file, options));
    return { problems: [], files: await Promise.all(files) };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { problems: [error.message + (error.hint ? ` - ${error.hint}` : "")], files: [] };
  }
}

function factsOf(
  { irVersion, producer, opsets, domains, external, graph }: OnnxModel,
): Report["facts"] {
  const types = new Map<string, number>();
  let elements = 0;
  for (const { elemType, dims } of graph.initializers) {
    const name = typeName(elemType);
    types.set(name, (types.get(name) ?? 0) + 1);
    elements += elementsOf(dims);
  }
  return {
    producer: [producer.name, producer.version].filter(Boolean).join(" ") || null,
    "IR version": irVersion,
    opsets: [...opsets].map(([domain, version]) => `${domain || "ai.onnx"} ${version}`).join(", "),
    operators: `${graph.nodes.length} nodes of ${domains.map((d) => d || "ai.onnx").join(", ")}`,
    weights: graph.initializers.length,
    elements,
    dtypes: [...types].map(([type, count]) => `${type} ${count}`).join(", ") || null,
    "external data": external.length ? `${external.length} tensors` : null,
  };
}

function initializersOf({ graph }: OnnxModel): TensorFact[] {
  return graph.initializers.map(({ name, elemType, dims }) => ({
    name,
    dtype: typeName(elemType),
    shape: dims,
  }));
}

function typeName(elemType: number): string {
  const type = elementType(elemType);
  return type === "unsupported" ? OTHER_TYPES[elemType] ?? `type ${elemType}` : type;
}

/** Converts a value to tensor metadata as a session reports it, for `checkContract`. */
function metadataOf({ name, elemType, dims }: OnnxValue): TensorMetadata {
  return {
    name,
    type: elemType === undefined ? "unsupported" : elementType(elemType),
    shape: dims?.map((dim) => dim ?? "?") ?? [],
  };
}

function factOf({ name, type, shape }: TensorMetadata): TensorFact {
  return { name, dtype: type, shape };
}
