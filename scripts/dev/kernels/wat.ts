/**
 * Translates formulas to WebAssembly's text format: loops over vectors of two float64.
 *
 * A function takes the scalars, the byte offsets of the rows in the imported memory, and the bytes
 * of a row, a multiple of 32. It leaves its sums at the start of the memory. The lanes of a sum are
 * its even and its odd elements.
 * @module
 */
import type { Formula } from "./formulas.ts";

/** Bytes of a vector, and of the vectors of one turn of a loop. */
const VECTOR = 16, TURN = 2 * VECTOR;

const OPERATIONS: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
};

/** The module of all formulas. */
export function moduleText(formulas: readonly Formula[]): string {
  return ["(module", '(import "env" "memory" (memory 1))', ...formulas.map(functionText), ")"]
    .join("\n");
}

function functionText(formula: Formula): string {
  const { name, scalars, rows, define = {}, sum = {}, backwards = false } = formula;
  const vectors = [...scalars, ...rows, ...Object.keys(define), ...Object.keys(sum)];
  const advance = `(local.set $at (i32.${
    backwards ? "sub" : "add"
  } (local.get $at) (i32.const ${TURN})))`;
  const body = [bodyText(formula, 0), bodyText(formula, VECTOR)].join("\n");
  const more = backwards
    ? "(br_if $turn (local.get $at))"
    : "(br_if $turn (i32.lt_u (local.get $at) (local.get $bytes)))";
  return [
    `(func (export "${name}")`,
    ...scalars.map((scalar) => `(param $${scalar}_ f64)`),
    ...rows.map((row) => `(param $${row}_ i32)`),
    "(param $bytes i32) (local $at i32)",
    ...vectors.map((vector) => `(local $${vector} v128)`),
    ...scalars.map((scalar) => `(local.set $${scalar} (f64x2.splat (local.get $${scalar}_)))`),
    ...(backwards ? ["(local.set $at (local.get $bytes))"] : []),
    "(loop $turn",
    ...(backwards ? [advance, body] : [body, advance]),
    `${more})`,
    ...Object.keys(sum).map((key, i) =>
      `(f64.store offset=${8 * i} (i32.const 0) ${lanesText(key)})`
    ),
    ")",
  ].join("\n");
}

/** One vector of every row, `offset` bytes from `$at`. */
function bodyText({ rows, define = {}, write = {}, sum = {} }: Formula, offset: number): string {
  const address = (row: string) =>
    `offset=${offset} (i32.add (local.get $${row}_) (local.get $at))`;
  const loaded = new Set<string>();
  const expression = (text: string) =>
    expressionText(text, (name) => {
      if (!rows.includes(name) || loaded.has(name)) return `(local.get $${name})`;
      loaded.add(name);
      return `(local.tee $${name} (v128.load ${address(name)}))`;
    });
  return [
    ...Object.entries(define).map(([name, text]) => `(local.set $${name} ${expression(text)})`),
    ...Object.entries(sum).map(([name, text]) =>
      `(local.set $${name} (f64x2.add (local.get $${name}) ${expression(text)}))`
    ),
    ...Object.entries(write).map(([row, text]) =>
      `(v128.store ${address(row)} ${expression(text)})`
    ),
  ].join("\n");
}

function lanesText(sum: string): string {
  const lane = (i: number) => `(f64x2.extract_lane ${i} (local.get $${sum}))`;
  return `(f64.add ${lane(0)} ${lane(1)})`;
}

/** An expression of names, `+ - * /` and parentheses; operators of equal rank group to the left. */
function expressionText(text: string, operand: (name: string) => string): string {
  const tokens = text.match(/\w+|[-+*/()]/g) ?? [];
  const chain = (operators: string, next: () => string): string => {
    let left = next();
    while (operators.includes(tokens[0] ?? "none")) {
      const operation = OPERATIONS[tokens.shift()!];
      left = `(f64x2.${operation} ${left} ${next()})`;
    }
    return left;
  };
  const sum = (): string => chain("+-", product);
  const product = (): string => chain("*/", factor);
  const factor = (): string => {
    const token = tokens.shift()!;
    if (token !== "(") return operand(token);
    const inner = sum();
    tokens.shift(); // the closing parenthesis
    return inner;
  };
  return sum();
}
