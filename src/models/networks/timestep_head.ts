/** Finds how a network uses its timestep first. @module */

import type { OnnxGraph, OnnxNode } from "../../formats/onnx/onnx_types.ts";
import { shown } from "../../text.ts";
import { constantIntegers } from "./onnx_constants.ts";

/** Longest path from the input to the node that expands it. Exporters write at most three nodes. */
const MAX_HEAD = 16;

/** Throws an error that refuses the model. */
export type Fail = (what: string, hint?: string) => never;

/** Follows the timestep until it is expanded over the batch. */
export class Head {
  readonly #bytes: Uint8Array;
  readonly #graph: OnnxGraph;
  readonly #fail: Fail;
  readonly #users: Map<string, OnnxNode[]>;
  readonly #followed = new Set<string>();

  constructor(bytes: Uint8Array, graph: OnnxGraph, fail: Fail) {
    this.#bytes = bytes;
    this.#graph = graph;
    this.#fail = fail;
    this.#users = usersOf(graph);
  }

  /**
   * Returns the nodes to turn into Identity, for a value that was a scalar or of shape [1] and will
   * have shape [N].
   */
  follow(value: string, scalar: boolean, steps = 0): OnnxNode[] {
    if (steps > MAX_HEAD) this.#fail(`no Unsqueeze or Expand within ${MAX_HEAD} nodes`);
    // Each value has one producer in a valid graph, but not in a hostile one.
    if (this.#followed.has(value)) return [];
    this.#followed.add(value);
    const users = this.#users.get(value) ?? [];
    if (users.length === 0) this.#fail(`nothing uses ${shown(value)}`);
    return users.flatMap((node) => this.#user(node, value, scalar, steps + 1));
  }

  #user(node: OnnxNode, value: string, scalar: boolean, steps: number): OnnxNode[] {
    const [output] = node.outputs;
    const known = node.domain === "" && node.inputs[0] === value && output;
    if (known && (node.opType === "Cast" || node.opType === "Identity")) {
      return this.follow(output, scalar, steps);
    }
    if (known && node.opType === "Expand" && this.#spreads(node)) return [];
    if (known && node.opType === "Unsqueeze") {
      const axes = this.#attributeOrInput(node, "axes");
      if (axes?.length === 1) {
        if (scalar && (axes[0] === 0 || axes[0] === -1)) {
          return [node, ...this.follow(output, false, steps)];
        }
        if (!scalar && (axes[0] === 1 || axes[0] === -1)) return [];
      }
    }
    if (known && node.opType === "Reshape") {
      const shape = String(this.#attributeOrInput(node, "shape"));
      if (shape === "1") return [node, ...this.follow(output, false, steps)];
      if (shape === "-1") return this.follow(output, false, steps);
      if (!scalar && shape === "-1,1") return [];
    }
    const rank = scalar ? "a scalar" : "shape [1]";
    const label = node.name ? ` ${shown(node.name)}` : "";
    this.#fail(
      `${shown(value)}, of ${rank}, feeds ${shown(node.opType)}${label}: cannot be patched`,
    );
  }

  /** Whether an Expand expands to the batch: a constant shape must be [1]. */
  #spreads(node: OnnxNode): boolean {
    const shape = constantIntegers(this.#bytes, this.#graph, node.inputs[1]);
    return shape === undefined || String(shape) === "1";
  }

  #attributeOrInput(node: OnnxNode, name: string): number[] | undefined {
    const attribute = node.attributes.find((one) => one.name === name);
    return attribute?.ints ?? constantIntegers(this.#bytes, this.#graph, node.inputs[1]);
  }

  /**
   * Returns the Constant nodes that only the given nodes read. They become unused, about which ONNX
   * Runtime would warn.
   */
  axesOf(nodes: OnnxNode[]): OnnxNode[] {
    const read = new Set(nodes.map((node) => node.inputs[1]));
    return this.#graph.nodes.filter(({ opType, outputs: [name] }) =>
      opType === "Constant" && read.has(name) &&
      this.#users.get(name)?.every((node) => nodes.includes(node))
    );
  }
}

/** Returns the nodes that read each value, directly or in a sub-graph. */
function usersOf(graph: OnnxGraph): Map<string, OnnxNode[]> {
  const users = new Map<string, OnnxNode[]>();
  for (const node of graph.nodes) {
    for (const name of valuesRead(node)) {
      const nodes = users.get(name);
      if (nodes) nodes.push(node);
      else users.set(name, [node]);
    }
  }
  return users;
}

function valuesRead(node: OnnxNode, names: Set<string> = new Set()): Set<string> {
  for (const name of node.inputs) names.add(name);
  for (const { graphs } of node.attributes) {
    for (const inner of graphs.flatMap(({ nodes }) => nodes)) valuesRead(inner, names);
  }
  return names;
}
