/** Public names of parataa, re-exported; nothing else lives here. @module */
export { ParataaError } from "./src/errors.ts";
export { ClipTokenizer, type ClipTokens } from "./src/models/clip_tokenizer.ts";
