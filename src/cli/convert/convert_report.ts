/** What `convert` prints, in the form that the flags ask for. @module */
import type { FolderPart } from "../../convert/convert_folder.ts";
import { printLine } from "../print.ts";
import { inOurWords } from "../program_name.ts";
import type { SettledValues } from "./convert_values.ts";

/** Prints events as lines for people, or as JSON. */
export class ConvertReport {
  readonly #values: SettledValues;

  constructor(values: SettledValues) {
    this.#values = values;
  }

  /** An event, and the line that says it. */
  say(event: Record<string, unknown>, line: string): void {
    const { json, quiet } = this.#values;
    if (json) printLine(JSON.stringify(event));
    else if (!quiet) printLine(line);
  }

  /** What the user should know. */
  note(message: string): void {
    this.say({ event: "note", message }, `note: ${message}`);
  }

  /** A network is written. */
  wrote({ part, network: { parameters } }: FolderPart, bytes: number): void {
    const millions = (parameters / 1e6).toFixed(1);
    this.say(
      { event: "network", part, parameters, bytes },
      `${part}: ${millions} M parameters, ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }

  /**
   * All is written.
   *
   * @param kept names of files that were there already
   * @param next command that uses the folder
   */
  done(kept: readonly string[], next: string | undefined): void {
    const { output_path: path, json, quiet } = this.#values;
    if (json) printLine(JSON.stringify({ event: "converted", path, kept }));
    else if (quiet) printLine(path);
    else {
      for (const name of kept) printLine(`${name} exists and is kept`);
      printLine(path);
      if (next !== undefined) printLine(inOurWords(`next: ${next}`));
    }
  }
}
