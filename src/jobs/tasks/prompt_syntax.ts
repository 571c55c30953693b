/** Detects prompt syntax of web UIs, which parataa does not interpret. @module */
import { shown } from "../../text.ts";

/** One pattern per kind of syntax. */
const SYNTAX: readonly RegExp[] = [
  /\([^()]*:\s*[-+]?(?:\d+\.?\d*|\.\d+)\s*\)/u, // (dog:1.3)
  /\(\([^()]+\)\)/u, // ((dog))
  /\[[^[\]]+\]/u, // [dog], [dog|cat], [dog:cat:0.5]
  /<(?:lora|lyco|hypernet|embedding):[^<>]+>/iu,
  /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/u,
  /__[\w/*-]+?__/u, // a wildcard's file
  /\{[^{}]*\|[^{}]*\}/u, // {dog|cat}
];

/** Maximum number of examples in a note. */
const MAX_NAMED = 3;

/** Note on web-UI syntax in a prompt; `undefined` if there is none. */
export function syntaxNote(prompt: string): string | undefined {
  const found = SYNTAX.flatMap((pattern) => pattern.exec(prompt)?.[0] ?? []);
  if (found.length === 0) return undefined;
  const named = found.slice(0, MAX_NAMED).map(shown).join(", ");
  return `the prompt has ${named}, taken as plain text: ` +
    "weights, <lora:…>, BREAK and wildcards have no meaning here";
}
