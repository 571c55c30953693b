/** The way out for a process whose native threads may still compute. @module */
export { leaveAtOnce } from "../../ffi/leave.ts";
