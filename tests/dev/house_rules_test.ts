import assert from "node:assert/strict";
import houseRules from "../../scripts/dev/house_rules.ts";

/** Messages of the house rules on one source text, as if it lay at `path`. */
function lint(path: string, source: string): string[] {
  return Deno.lint.runPlugin(houseRules, `/project/${path}`, source).map((d) => d.message);
}

Deno.test("house/unsafe-address refuses every spelling outside ffi/", () => {
  const spellings = [
    "Deno.dlopen('x', {})",
    "Deno['dlopen']('x', {})",
    "const name = 'dlopen'; Deno[name]('x', {})",
    "globalThis.Deno.UnsafePointer.of(x)",
    "globalThis['Deno'].UnsafePointer.of(x)",
    "(Deno as Api).UnsafeCallback",
    "const { dlopen } = Deno",
    "const d = globalThis.Deno",
    "type P = Deno.UnsafePointerView",
  ];
  for (const source of spellings) {
    assert.notEqual(lint("src/models/dit.ts", source).length, 0, source);
    assert.deepEqual(lint("ffi/library.ts", source), [], source);
  }
});

Deno.test("house/unsafe-address accepts the rest of Deno", () => {
  assert.deepEqual(
    lint("src/runs/run.ts", "Deno.readFile('a'); type E = Deno.errors.NotFound"),
    [],
  );
});

Deno.test("house/layers lets a file import only its own layer or a lower one", () => {
  const allowed: [string, string][] = [
    ["src/models/dit.ts", "import { x } from '../sampling/types.ts'"],
    ["src/runtime/tensor.ts", "export * from '../../ffi/pointer.ts'"],
    ["ffi/library.ts", "import { x } from '../src/errors.ts'"],
    ["tests/ffi/library_test.ts", "import { x } from '../support/run_child.ts'"],
    ["src/formats/npy/npy.ts", "import { shown } from '../../text.ts'"],
    ["src/cli/main.ts", "const x = await import('../pipelines/dit_pipeline.ts')"],
  ];
  for (const [path, source] of allowed) {
    assert.deepEqual(lint(path, source), [], `${path}: ${source}`);
  }
  const refused: [string, string][] = [
    ["src/sampling/window.ts", "import { x } from '../models/dit.ts'"],
    ["src/formats/npy.ts", "import { x } from '../runtime/tensor.ts'"],
    ["src/models/dit.ts", "import { x } from '../../ffi/library.ts'"],
    ["src/models/dit.ts", "export { x } from '../cli/flags.ts'"],
    ["src/models/dit.ts", "const x = await import('../../scripts/demo.ts')"],
    ["src/errors.ts", "import { x } from './runs/run.ts'"],
    ["src/text.ts", "import { x } from './formats/json.ts'"],
  ];
  for (const [path, source] of refused) {
    assert.equal(lint(path, source).length, 1, `${path}: ${source}`);
  }
});

Deno.test("house/printing refuses console in src outside the file that escapes lines", () => {
  const source = "console.log(name)";
  assert.equal(lint("src/jobs/run_sample.ts", source).length, 1);
  assert.equal(lint("src/cli/main.ts", "console['error'](name)").length, 1);
  for (const path of ["src/cli/print.ts", "scripts/bench/main.ts", "tests/cli/print_test.ts"]) {
    assert.deepEqual(lint(path, source), [], path);
  }
});

Deno.test("house/comment-width refuses lines of comments beyond 100 columns", () => {
  const word = (length: number) => "x".repeat(length);
  for (const start of ["// ", "/** ", "/**\n * "]) {
    const source = (length: number) => `${start}${word(length)}${start === "// " ? "" : "\n */"}\n`;
    const most = 100 - start.split("\n").at(-1)!.length;
    assert.deepEqual(lint("src/jobs/run_sample.ts", source(most)), [], start);
    assert.equal(lint("src/jobs/run_sample.ts", source(most + 1)).length, 1, start);
  }
  assert.deepEqual(lint("src/jobs/run_sample.ts", `f("${word(120)}"); // ${word(120)}`), []);
});
