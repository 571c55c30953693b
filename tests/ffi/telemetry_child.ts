/** Opens ONNX Runtime; prints the process's number and what native code reads in the variable: telemetry_test.ts reads it. @module */
import { Environment } from "../../mod.ts";

using _environment = Environment.open();
console.log(Deno.pid, Deno.env.get("ORT_DISABLE_TELEMETRY"));
