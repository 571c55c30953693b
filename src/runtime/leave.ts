/** Ends a process whose native threads may still compute. @module */
export { exitWithoutCleanup } from "../../ffi/leave.ts";
