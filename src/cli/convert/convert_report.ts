/** Output of `convert`, as text or JSON. @module */
import type { FolderPart } from "../../convert/convert_folder.ts";
import { printLine } from "../print.ts";
import { withProgramName } from "../program_name.ts";
import type { CheckpointValues } from "./convert_values.ts";

/** Prints events as text or JSON. */
export class ConvertReport {
  readonly #values: CheckpointValues;

  constructor(values: CheckpointValues) {
    this.#values = values;
  }

  /** Prints an event, or its text line. */
  say(event: Record<string, unknown>, line: string): void {
    const { json, quiet } = this.#values;
    if (json) printLine(JSON.stringify(event));
    else if (!quiet) printLine(line);
  }

  /** Prints a note for the user. */
  note(message: string): void {
    this.say({ event: "note", message }, `note: ${message}`);
  }

  /** Reports existing files that the checkpoint would have written with another content. */
  differing(names: readonly string[]): void {
    for (const name of names) {
      this.note(`${name} exists, differs from the checkpoint's and is kept`);
    }
  }

  /** Reports a written network. */
  wrote({ part, network: { parameters } }: FolderPart, bytes: number): void {
    const millions = (parameters / 1e6).toFixed(1);
    this.say(
      { event: "network", part, parameters, bytes },
      `${part}: ${millions} M parameters, ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }

  /**
   * Reports the end of the conversion.
   *
   * @param kept names of existing files that were kept
   * @param next command that uses the folder
   */
  done(kept: readonly string[], next: string): void {
    const { output_path: path, json, quiet } = this.#values;
    if (json) printLine(JSON.stringify({ event: "converted", path, kept }));
    else if (quiet) printLine(path);
    else {
      for (const name of kept) printLine(`${name} exists and is kept`);
      printLine(path);
      printLine(withProgramName(`next: ${next}`));
    }
  }
}
