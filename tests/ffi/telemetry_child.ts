/**
 * Opens ONNX Runtime; prints the process's number, the state of its log before that, and what
 * native code reads in the variable: telemetry_test.ts reads it.
 * @module
 */
import { Environment } from "../../mod.ts";
import { logPath, stateOf } from "./telemetry_log.ts";

const before = await stateOf(logPath(Deno.pid));
using _environment = Environment.open();
console.log(Deno.pid, before, Deno.env.get("ORT_DISABLE_TELEMETRY"));
