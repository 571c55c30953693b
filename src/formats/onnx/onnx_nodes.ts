/**
 * Reads the operators and edges of an ONNX file through a small buffer. Gigabytes of weights are
 * skipped without being read.
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 * @module
 */
import { FormatError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../byte_source.ts";

/** Operator, inputs and outputs of a node. */
export interface NodeSummary {
  op: string;
  inputs: string[];
  outputs: string[];
  /** Nodes of its sub-graphs. */
  inner: NodeSummary[];
}

/** Nodes of the main graph in file order, and of the functions that the file defines, by name. */
export interface NodeSummaries {
  nodes: NodeSummary[];
  functions: Map<string, NodeSummary[]>;
}

interface Field {
  number: number;
  start: number;
  end: number;
}

const WINDOW_BYTES = 2 ** 16;
/** Longest field head: a tag of five bytes and a length of ten. */
const MAX_HEAD_LENGTH = 15;
/** Deepest nesting of graphs; real models stay below ten. */
const MAX_DEPTH = 64;
/** Limits memory. SDXL has 20,000 nodes. */
const MAX_NODES = 500_000;
const LENGTH_DELIMITED = 2;
/** Bytes of a value by wire type, for the types of fixed size. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Reads the nodes. @throws {FormatError} if the source is not an ONNX model */
export async function readNodes(source: ByteSource, file: string): Promise<NodeSummaries> {
  return await new NodeReader(source, file).model();
}

class NodeReader {
  readonly #source: ByteSource;
  readonly #file: string;
  #window: Uint8Array = new Uint8Array();
  #windowStart = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: ByteSource, file: string) {
    this.#source = source;
    this.#file = file;
  }

  async model(): Promise<NodeSummaries> {
    const sketches: NodeSummaries = { nodes: [], functions: new Map() };
    for await (const field of this.#fields({ start: 0, end: this.#source.size })) {
      if (field.number === 7) sketches.nodes.push(...await this.#list(field, 1));
      else if (field.number === 25) {
        sketches.functions.set(await this.#name(field), await this.#list(field, 7));
      }
    }
    return sketches;
  }

  /** Reads the nodes of a graph or a function, which have different field numbers. */
  async #list(message: Omit<Field, "number">, number: number): Promise<NodeSummary[]> {
    if (++this.#depth > MAX_DEPTH) this.#fail(message.start, `graphs nested over ${MAX_DEPTH}`);
    const nodes: NodeSummary[] = [];
    for await (const field of this.#fields(message)) {
      if (field.number === number) nodes.push(await this.#node(field));
    }
    this.#depth--;
    return nodes;
  }

  async #name(message: Field): Promise<string> {
    for await (const field of this.#fields(message)) {
      if (field.number === 1) return await this.#text(field);
    }
    return "";
  }

  async #node(message: Field): Promise<NodeSummary> {
    if (++this.#nodes > MAX_NODES) this.#fail(message.start, `more than ${MAX_NODES} nodes`);
    const node: NodeSummary = { op: "", inputs: [], outputs: [], inner: [] };
    for await (const field of this.#fields(message)) {
      if (field.number === 1) node.inputs.push(await this.#text(field));
      else if (field.number === 2) node.outputs.push(await this.#text(field));
      else if (field.number === 4) node.op = await this.#text(field);
      else if (field.number === 5) {
        for await (const part of this.#fields(field)) {
          const graph = part.number === 6 || part.number === 11;
          if (graph) { for (const inner of await this.#list(part, 1)) node.inner.push(inner); }
        }
      }
    }
    return node;
  }

  async *#fields({ start, end }: Omit<Field, "number">): AsyncGenerator<Field> {
    for (let at = start; at < end;) {
      const head = await this.#bytes(at, Math.min(MAX_HEAD_LENGTH, end - at));
      const tag = varint(head, 0);
      const wireType = tag.value & 7;
      const second = FIXED[wireType] === undefined ? varint(head, tag.next) : undefined;
      const payload = wireType === LENGTH_DELIMITED ? at + second!.next : at + tag.next;
      const length = wireType === LENGTH_DELIMITED
        ? second!.value
        : FIXED[wireType] ?? second!.next - tag.next;
      // ONNX does not use the wire types 3, 4, 6 and 7.
      if (![0, 1, 2, 5].includes(wireType) || !(payload + length <= end)) {
        this.#fail(at, "not a field of a protobuf message");
      }
      if (wireType === LENGTH_DELIMITED) {
        yield { number: tag.value >>> 3, start: payload, end: payload + length };
      }
      at = payload + length;
    }
  }

  async #text({ start, end }: Field): Promise<string> {
    return new TextDecoder().decode(await this.#bytes(start, end - start));
  }

  async #bytes(offset: number, length: number): Promise<Uint8Array> {
    const at = offset - this.#windowStart;
    if (at >= 0 && at + length <= this.#window.length) {
      return this.#window.subarray(at, at + length);
    }
    const size = Math.min(Math.max(length, WINDOW_BYTES), this.#source.size - offset);
    this.#window = await readExactly(this.#source, { offset, length: size }, this.#file);
    this.#windowStart = offset;
    return this.#window.subarray(0, length);
  }

  #fail(offset: number, what: string): never {
    throw new FormatError(`${this.#file}: offset ${offset}: ${what}`, {
      hint: "the file is damaged or not an ONNX model",
    });
  }
}

/** Returns a number and the offset after it; NaN if the bytes end first. */
function varint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let i = start; i < bytes.length && i - start < 10; i++) {
    value += (bytes[i] & 0x7f) * 2 ** (7 * (i - start));
    if (bytes[i] < 0x80) return { value, next: i + 1 };
  }
  return { value: NaN, next: NaN };
}
