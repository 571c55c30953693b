/**
 * Builds the graph of a network value by value. Weights have the names of the checkpoint and are
 * declared with the shape that they must have. The layout of their bytes is computed later.
 * @module
 */
import type {
  OnnxAttributeSpec,
  OnnxNodeSpec,
  OnnxValueSpec,
} from "../../formats/onnx/onnx_write.ts";
import { halfOf, type StoredType, type WeightStorage } from "../weight_storage.ts";

/** Element types of values between nodes. */
export type FloatType = "float32" | "float16";

/** A value of the graph. */
export interface Value {
  readonly name: string;
  readonly type: FloatType;
}

/** A constant kept inside the model file. */
export interface SmallConstant {
  name: string;
  type: "float32" | "float16" | "int64";
  dims: readonly number[];
  data: Uint8Array;
}

/** A weight that the network needs. */
export interface Weight {
  /** Its name in the checkpoint. */
  readonly name: string;
  /** Its shape in the checkpoint. */
  readonly shape: readonly number[];
  /** Its shape in the graph, of as many elements. */
  readonly dims: readonly number[];
  /** How it is stored. */
  readonly stored: StoredType;
  /** Its name in the graph. */
  readonly initializer: string;
}

/** Optional properties of a node. */
export interface NodeOptions {
  attributes?: Readonly<Record<string, OnnxAttributeSpec>>;
  /** Constants after the inputs. */
  constants?: readonly string[];
  /** Element type of the output. Default: the first input's. */
  type?: FloatType;
}

/** A graph under construction. */
export class GraphBuilder {
  readonly inputs: OnnxValueSpec[] = [];
  readonly outputs: OnnxValueSpec[] = [];
  readonly nodes: OnnxNodeSpec[] = [];
  readonly constants: Map<string, SmallConstant> = new Map();
  readonly weights: Map<string, Weight> = new Map();
  /** Element type of matrix products and convolutions. */
  readonly compute: FloatType;
  readonly #storage: WeightStorage;
  readonly #casts = new Map<string, Value>();

  /**
   * @param compute element type of matrix products and convolutions; everything else is float32
   * @param storage of weights that are computed with in float32
   */
  constructor(compute: FloatType, storage: WeightStorage) {
    this.compute = compute;
    this.#storage = storage;
  }

  /** Declares an input. */
  input(name: string, dims: readonly (number | string)[]): Value {
    this.inputs.push({ name, type: "float32", dims });
    return { name, type: "float32" };
  }

  /** Declares an input of whole numbers. */
  integerInput(name: string, dims: readonly (number | string)[]): string {
    this.inputs.push({ name, type: "int64", dims });
    return name;
  }

  /** Declares an output and connects a value to it. */
  output(name: string, value: Value, dims: readonly (number | string)[]): void {
    this.outputs.push({ name, type: "float32", dims });
    this.rawNode("Identity", name, [this.as(value, "float32").name], [name]);
  }

  /** Adds a node with one output, which has the node's name. */
  node(opType: string, name: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    const names = [...inputs.map((input) => input.name), ...options.constants ?? []];
    this.rawNode(opType, name, names, [name], options.attributes);
    return { name, type: options.type ?? inputs[0].type };
  }

  /** Adds a node. */
  rawNode(
    opType: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttributeSpec>> = {},
  ): void {
    this.nodes.push({ opType, name, inputs, outputs, attributes });
  }

  /** Splits a value into equal parts along an axis. */
  split(name: string, value: Value, axis: number, parts: readonly string[]): Value[] {
    const outputs = parts.map((part) => `${name}.${part}`);
    this.rawNode("Split", name, [value.name], outputs, { axis: { int: axis } });
    return outputs.map((output) => ({ name: output, type: value.type }));
  }

  /** The value in another element type. Repeated calls share one Cast. */
  as(value: Value, type: FloatType): Value {
    if (value.type === type) return value;
    const known = this.#casts.get(value.name);
    if (known) return known;
    const cast = this.node("Cast", `${value.name}.${type}`, [value], { ...castTo(type), type });
    this.#casts.set(value.name, cast);
    return cast;
  }

  /** The value in another shape; −1 is inferred, 0 copies the value's own size. */
  reshape(name: string, value: Value, sizes: readonly number[]): Value {
    return this.node("Reshape", name, [value], { constants: [this.integers(sizes)] });
  }

  /** The value with permuted axes. */
  transpose(name: string, value: Value, order: readonly number[]): Value {
    return this.node("Transpose", name, [value], { attributes: { perm: { ints: order } } });
  }

  /** A constant list of integers. Equal lists share one constant. */
  integers(values: readonly number[]): string {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const name = `shape.${values.join("x")}`;
    this.constants.set(name, { name, type: "int64", dims: [values.length], data });
    return name;
  }

  /**
   * Constant floats of a shape, `[]` for a scalar. A name stands for the same numbers everywhere.
   */
  numbers(
    name: string,
    values: readonly number[],
    dims: readonly number[],
    type: FloatType = "float32",
  ): Value {
    const data = type === "float32" ? Float32Array.from(values) : Float16Array.from(values);
    const full = type === "float32" ? name : `${name}.${type}`;
    this.constants.set(full, { name: full, type, dims, data: new Uint8Array(data.buffer) });
    return { name: full, type };
  }

  /**
   * A weight of the checkpoint in the element type `type`.
   *
   * @param shape its shape in the checkpoint
   * @param dims its shape in the graph, if different
   */
  weight(name: string, shape: readonly number[], type: FloatType, dims = shape): Value {
    const stored = type === "float16" ? "F16" : this.#storage === "fp16" ? halfOf(shape) : "F32";
    const initializer = stored === "F16" && type === "float32" ? `${name}.fp16` : name;
    if (this.weights.has(name)) throw new TypeError(`weight ${name} is declared twice`);
    this.weights.set(name, { name, shape, dims, stored, initializer });
    if (initializer !== name) {
      this.rawNode("Cast", `${name}.cast`, [initializer], [name], castTo(type).attributes);
    }
    return { name, type };
  }
}

function castTo(type: FloatType): { attributes: { to: { int: number } } } {
  return { attributes: { to: { int: type === "float32" ? 1 : 10 } } };
}
