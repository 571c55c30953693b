/**
 * Executes the notebooks on Deno's kernel with nbclient, a Python package, and writes their outputs
 * into them. It is for editing the notebooks: reading or using one requires only Deno and Jupyter.
 * @module
 */
import { runMain } from "../../src/cli/main.ts";
import { UsageError } from "../../src/errors.ts";

const NOTEBOOKS = ["notebooks/parallel_sampling.ipynb"];
const PYTHON = "python3";

async function python(args: string[], stderr: "null" | "inherit"): Promise<boolean> {
  const options = { args, stdin: "null", stdout: "inherit", stderr } as const;
  try {
    return (await new Deno.Command(PYTHON, options).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Executes all notebooks. @throws {UsageError} if Python or nbclient is missing, or a cell fails
 */
async function execute(): Promise<void> {
  if (!await python(["-c", "import nbclient, nbformat"], "null")) {
    throw new UsageError(`${PYTHON} has no nbclient, which executes notebooks`, {
      hint: "python3 -m pip install nbclient",
    });
  }
  for (const notebook of NOTEBOOKS) {
    const command = ["scripts/dev/execute_notebook.py", Deno.execPath(), notebook];
    const done = await python(command, "inherit");
    if (!done) throw new UsageError(`${notebook} was not executed, a cell failed`);
    console.log(notebook);
  }
}

if (import.meta.main) await runMain(execute, Deno.args);
