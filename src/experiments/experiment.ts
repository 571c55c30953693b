/** An experiment as data. @module */
import type { Cells } from "./cells.ts";
import type { Definition } from "./definition.ts";

/** An experiment and its output folder. */
export interface Experiment {
  /** Name of the experiment file, without extension. */
  name: string;
  /** Text of the experiment file. */
  text: string;
  definition: Definition;
  cells: Cells;
  /** Output folder. */
  path: string;
}
