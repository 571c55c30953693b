/**
 * Loads the model it is given under narrow permissions and prints what came of it:
 * model_fault_test.ts reads it.
 * @module
 */
import { openLibrary } from "../../ffi/library.ts";
import { PermissionError } from "../../src/errors.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";

using environment = Environment.open();
const { nonblocking } = openLibrary().api;
const { CreateSession } = nonblocking;
let sessions = 0;
nonblocking.CreateSession = (...parameters) => {
  sessions++;
  return CreateSession(...parameters);
};
try {
  await using _session = await InferenceSession.create(environment, Deno.args[0]);
  console.log("loaded");
} catch (error) {
  if (!(error instanceof PermissionError)) throw error;
  const { name, exitCode, message, hint } = error;
  console.log(`${name} ${exitCode}: ${message} | ${hint} | sessions ever: ${sessions}`);
}
