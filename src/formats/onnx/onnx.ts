/**
 * Reads the structure of an ONNX file without a runtime: inputs, outputs, nodes, operator sets,
 * external data. Weights are skipped. All bytes are untrusted: a fault throws a FormatError with
 * its offset.
 *
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 * @module
 */

import { refuseForeign } from "../foreign_file.ts";
import { MAX_RANK } from "../shape.ts";
import { readExternalData } from "./onnx_external.ts";
import type {
  OnnxAttribute,
  OnnxDim,
  OnnxExternalData,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValue,
} from "./onnx_types.ts";
import { type ByteRange, type ProtobufField, ProtobufReader } from "./protobuf.ts";

/** Deepest nesting of graphs; real models stay below ten. */
const MAX_DEPTH = 64;
/**
 * Integers of a list that are kept. Only axes and shapes are read, and a list may be as long as its
 * file.
 */
const MAX_INTEGERS = 2 * MAX_RANK;
const EXTERNAL = 1;

/**
 * Reads an ONNX file.
 *
 * @param bytes the `.onnx` file; its external data files are not opened
 * @param options.file name of the file in messages
 * @throws {FormatError} if it is not an ONNX model, is damaged, or has external data outside its
 * folder
 *
 * @example
 * ```ts
 * import { readOnnx } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const model = readOnnx(await Deno.readFile("tests/fixtures/layouts/ort_demo/unet/model.onnx"));
 * const [sample, timestep] = model.graph.inputs;
 * assert.deepEqual(sample.dims, ["2B", 4, 8, 8]);
 * assert.deepEqual(timestep.dims, [1]); // one timestep for the whole batch: see perRowTimesteps()
 * ```
 */
export function readOnnx(bytes: Uint8Array, options: { file?: string } = {}): OnnxModel {
  const file = options.file ?? "the ONNX model";
  refuseForeign(bytes, { file, wanted: "an ONNX network" });
  return new OnnxReader(bytes, file).model();
}

class OnnxReader {
  readonly #reader: ProtobufReader;
  readonly #external: OnnxExternalData[] = [];
  readonly #operators = new Map<string, Set<string>>();
  #depth = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#reader = new ProtobufReader(bytes, file);
  }

  model(): OnnxModel {
    const reader: ProtobufReader = this.#reader;
    const producer = { name: "", version: "" };
    const opsets = new Map<string, number>();
    const functions: [string, string][] = [];
    let irVersion = 0;
    let graphField: ProtobufField | undefined;
    let graph: OnnxGraph | undefined;
    for (const field of reader.fields({ start: 0, end: reader.bytes.length })) {
      if (field.number === 1) irVersion = reader.integer(field);
      else if (field.number === 2) producer.name = reader.text(field);
      else if (field.number === 3) producer.version = reader.text(field);
      else if (field.number === 7) {
        this.#once(field, graphField);
        graphField = field;
        graph = this.#graph(reader.range(field));
      } else if (field.number === 8) this.#opset(reader.range(field), opsets);
      else if (field.number === 20) this.#training(reader.range(field));
      else if (field.number === 25) functions.push(this.#function(reader.range(field)));
    }
    if (!graph || !graphField) reader.fail(reader.bytes.length, "no graph");
    for (const [domain, name] of functions) this.#operators.get(domain)?.delete(name);
    const domains = [...this.#operators].filter(([, names]) => names.size > 0).map(([d]) => d);
    return {
      irVersion,
      producer,
      opsets,
      domains: domains.sort(),
      external: this.#external,
      graph,
      graphField,
    };
  }

  /** Refuses a message that is given twice. Protobuf would merge them, but no writer does that. */
  #once(field: ProtobufField, before: unknown): void {
    if (before !== undefined) this.#reader.fail(field.tag, `field ${field.number} given twice`);
  }

  #opset(range: ByteRange, opsets: Map<string, number>): void {
    let domain = "";
    let version = 0;
    for (const field of this.#reader.fields(range)) {
      if (field.number === 1) domain = canonicalDomain(this.#reader.text(field));
      else if (field.number === 2) version = this.#reader.integer(field);
    }
    opsets.set(domain, version);
  }

  #training(range: ByteRange): void {
    for (const field of this.#reader.fields(range)) {
      if (field.number <= 2) this.#graph(this.#reader.range(field));
    }
  }

  /** @returns domain and name of the function */
  #function(range: ByteRange): [string, string] {
    let domain = "";
    let name = "";
    for (const field of this.#reader.fields(range)) {
      if (field.number === 1) name = this.#reader.text(field);
      else if (field.number === 7) this.#node(field);
      else if (field.number === 10) domain = canonicalDomain(this.#reader.text(field));
      else if (field.number === 11) this.#attribute(this.#reader.range(field));
    }
    return [domain, name];
  }

  #graph(range: ByteRange): OnnxGraph {
    if (++this.#depth > MAX_DEPTH) {
      this.#reader.fail(range.start, `more than ${MAX_DEPTH} nested graphs`);
    }
    const graph: OnnxGraph = {
      nodes: [],
      inputs: [],
      outputs: [],
      valueInfo: [],
      initializers: [],
    };
    for (const field of this.#reader.fields(range)) {
      if (field.number === 1) graph.nodes.push(this.#node(field));
      else if (field.number === 5) graph.initializers.push(this.#tensor(field));
      else if (field.number === 11) graph.inputs.push(this.#value(field));
      else if (field.number === 12) graph.outputs.push(this.#value(field));
      else if (field.number === 13) graph.valueInfo.push(this.#value(field));
      else if (field.number === 15) this.#sparse(field, graph.initializers);
    }
    this.#depth--;
    const constants = new Set(graph.initializers.map(({ name }) => name));
    graph.inputs = graph.inputs.filter(({ name }) => !constants.has(name));
    return graph;
  }

  #node(field: ProtobufField): OnnxNode {
    const reader = this.#reader;
    const node: OnnxNode = {
      opType: "",
      domain: "",
      name: "",
      inputs: [],
      outputs: [],
      attributes: [],
      field,
    };
    for (const part of reader.fields(reader.range(field))) {
      if (part.number === 1) node.inputs.push(reader.text(part));
      else if (part.number === 2) node.outputs.push(reader.text(part));
      else if (part.number === 3) node.name = reader.text(part);
      else if (part.number === 4) node.opType = reader.text(part);
      else if (part.number === 5) node.attributes.push(this.#attribute(reader.range(part)));
      else if (part.number === 7) node.domain = canonicalDomain(reader.text(part));
    }
    const operators = this.#operators.get(node.domain) ?? new Set();
    this.#operators.set(node.domain, operators.add(node.opType));
    return node;
  }

  #attribute(range: ByteRange): OnnxAttribute {
    const reader = this.#reader;
    const attribute: OnnxAttribute = { name: "", ints: [], tensors: [], graphs: [] };
    for (const field of reader.fields(range)) {
      if (field.number === 1) attribute.name = reader.text(field);
      else if (field.number === 5 || field.number === 10) {
        attribute.tensors.push(this.#tensor(field));
      } else if (field.number === 6 || field.number === 11) {
        attribute.graphs.push(this.#graph(reader.range(field)));
      } else if (field.number === 8) {
        this.#integers(field, attribute.ints);
      } else if (field.number === 22 || field.number === 23) {
        this.#sparse(field, attribute.tensors);
      }
    }
    return attribute;
  }

  #sparse(field: ProtobufField, tensors: OnnxTensor[]): void {
    for (const part of this.#reader.fields(this.#reader.range(field))) {
      if (part.number <= 2) tensors.push(this.#tensor(part));
    }
  }

  #tensor(field: ProtobufField): OnnxTensor {
    const reader = this.#reader;
    const tensor: OnnxTensor = {
      name: "",
      elemType: 0,
      dims: [],
      external: undefined,
      raw: undefined,
      int64Data: [],
    };
    const entries: ProtobufField[] = [];
    let place = 0;
    for (const part of reader.fields(reader.range(field))) {
      if (part.number === 1) {
        for (const dim of reader.integers(part)) this.#addSize(part, tensor.dims, dim);
      } else if (part.number === 2) tensor.elemType = reader.integer(part);
      else if (part.number === 7) this.#integers(part, tensor.int64Data);
      else if (part.number === 8) tensor.name = reader.text(part);
      else if (part.number === 9) tensor.raw = reader.range(part);
      else if (part.number === 13) entries.push(part);
      else if (part.number === 14) place = reader.integer(part);
    }
    if (place === EXTERNAL) {
      tensor.external = readExternalData(reader, tensor, entries, field.tag);
      this.#external.push(tensor.external);
    }
    return tensor;
  }

  #integers(field: ProtobufField, list: number[]): void {
    for (const value of this.#reader.integers(field)) {
      if (list.length === MAX_INTEGERS) return;
      list.push(value);
    }
  }

  #addSize(field: ProtobufField, dims: number[], size: number): void {
    if (!(size >= 0 && Number.isSafeInteger(size))) {
      this.#reader.fail(field.tag, `a tensor with a dimension of ${size}`);
    }
    if (dims.push(size) > MAX_RANK) {
      this.#reader.fail(field.tag, `a tensor of more than ${MAX_RANK} dimensions`);
    }
  }

  #value(field: ProtobufField): OnnxValue {
    const value: OnnxValue = { name: "", elemType: undefined, dims: undefined, field };
    let type: ProtobufField | undefined;
    for (const part of this.#reader.fields(this.#reader.range(field))) {
      if (part.number === 1) value.name = this.#reader.text(part);
      else if (part.number === 2) {
        this.#once(part, type);
        type = part;
      }
    }
    if (type) this.#type(this.#reader.range(type), value);
    return value;
  }

  /** Reads a TypeProto. `elemType` stays undefined for sequences, maps and optionals. */
  #type(range: ByteRange, value: OnnxValue): void {
    let tensor: ProtobufField | undefined;
    for (const field of this.#reader.fields(range)) {
      if (field.number !== 1) continue;
      this.#once(field, tensor);
      tensor = field;
    }
    if (!tensor) return;
    value.elemType = 0;
    for (const field of this.#reader.fields(this.#reader.range(tensor))) {
      if (field.number === 1) value.elemType = this.#reader.integer(field);
      else if (field.number === 2) {
        this.#once(field, value.dims);
        value.dims = [];
        for (const dim of this.#reader.fields(this.#reader.range(field))) {
          if (dim.number === 1) value.dims.push(this.#dim(this.#reader.range(dim)));
        }
      }
    }
  }

  /** Reads a dimension. Some writers encode an unknown size as a negative number. */
  #dim(range: ByteRange): OnnxDim {
    let dim: OnnxDim;
    for (const field of this.#reader.fields(range)) {
      if (field.number === 1) {
        const size = this.#reader.integer(field);
        dim = size < 0 ? undefined : size;
      } else if (field.number === 2) dim = this.#reader.text(field) || undefined;
    }
    return dim;
  }
}

function canonicalDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}
