/** Shapes that begin with the batch size and have a second dynamic size. @module */
import type { GraphBuilder, Value } from "../layers/graph_builder.ts";

/** Creates shapes `[batch, …sizes]`; equal ones are shared. */
export class BatchShapes {
  readonly #g: GraphBuilder;
  readonly #known = new Set<string>();

  /** @param like a value whose first axis is the batch */
  constructor(g: GraphBuilder, like: Value) {
    this.#g = g;
    g.rawNode("Shape", "batch.size", [like.name], ["batch.size"], {
      start: { int: 0 },
      end: { int: 1 },
    });
  }

  /** The value as `[batch, …sizes]`; one of the sizes is −1. */
  reshape(name: string, value: Value, sizes: readonly number[]): Value {
    return this.#g.node("Reshape", name, [value], { constants: [this.#shape(sizes)] });
  }

  #shape(sizes: readonly number[]): string {
    const name = `batch.shape.${sizes.join("x")}`;
    if (this.#known.has(name)) return name;
    this.#known.add(name);
    const rest = this.#g.integers(sizes);
    this.#g.rawNode("Concat", name, ["batch.size", rest], [name], { axis: { int: 0 } });
    return name;
  }
}
