/** Counts the native objects of this thread that are still open. @module */
export { liveHandles } from "../../ffi/owned_pointer.ts";
