/** Imports a solver from a file of the user. @module */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FormatError, PermissionError } from "../../errors.ts";
import { fileFault } from "../../formats/file_fault.ts";
import type { SolverFactory } from "../../sampling/options.ts";

/**
 * Imports a module whose default export creates a solver. Repeated calls for one file return the
 * same function.
 *
 * @param file path of a `.ts` or `.js` module; it runs with the permissions of this process
 * @throws {FormatError} when it cannot be loaded, or its default export is not a function
 * @throws {PermissionError} when it, or a module that it imports, may not be read
 */
export async function importSolver(file: string): Promise<SolverFactory> {
  const { default: solver } = await load(file);
  if (typeof solver === "function") return solver as SolverFactory;
  throw new FormatError(
    `${file}: its default export is of type ${typeof solver}, wanted a function that creates a solver`,
    { hint: "see examples/own_solver.ts" },
  );
}

async function load(file: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(resolve(file)).href);
  } catch (cause) {
    const hint = String(cause).match(/Requires read access to .*/)?.[0];
    if (hint) throw new PermissionError(`cannot load the solver ${file}`, { hint, cause });
    throw new FormatError(`${file}: cannot be loaded as a module: ${fileFault(cause)}`, { cause });
  }
}
