import assert from "node:assert/strict";
import { ROOT } from "../support/run_script.ts";

/** Paths of all files below a folder, from the root. */
async function* walkFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(`${ROOT}${folder}`)) {
    if (isDirectory) yield* walkFiles(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/**
 * Files by their path from the root, with the files that each imports: types and what is loaded
 * later too.
 */
async function importGraph(folders: readonly string[]): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const folder of folders) {
    for await (const path of walkFiles(folder)) {
      if (!path.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(`${ROOT}${path}`);
      graph.set(path, importsOf(text, path));
    }
  }
  return graph;
}

const IMPORT =
  /^(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["'](\.{1,2}\/[^"']+)["']|\bimport\(\s*["'](\.{1,2}\/[^"']+)["']/gm;

/** Relative specifiers of a source text, as paths from the root. */
function importsOf(text: string, path: string): string[] {
  const code = text.replace(/^ *(?:\*|\/\/).*$/gm, ""); // examples in comments import nothing
  return [...code.matchAll(IMPORT)].map(([, from, later]) =>
    new URL(from ?? later, `file:///${path}`).pathname.slice(1)
  );
}

/** The first path that leads back to where it began; `undefined` where there is none. */
function findCircle(graph: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node);
    if (circle) return circle;
  }
  return undefined;
}

/** `src/jobs` for a file in it or below; a file that lies in no room is one of its own. */
function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] !== "src") return parts[0];
  return parts.length > 2 ? `src/${parts[1]}` : path;
}

const graph = await importGraph(["src", "ffi", "scripts"]);

Deno.test("importsOf() finds every form of an import, and none in a comment", () => {
  const text = `import { a } from "./a.ts";
import type { B } from "../b.ts";
import {
  c,
} from "./c.ts";
export * from "./d.ts";
const e = async () => (await import("./e.ts")).e;
export function worker() {
  return new Worker("./no.ts");
}
// import { f } from "./f.ts";
/**
 * import { g } from "./g.ts";
 */`;
  assert.deepEqual(
    importsOf(text, "src/x/y.ts"),
    ["src/x/a.ts", "src/b.ts", "src/x/c.ts", "src/x/d.ts", "src/x/e.ts"],
  );
});

Deno.test("findCircle() finds import cycles of any length, and none in a diamond", () => {
  const graphOf = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
  assert.equal(findCircle(graphOf({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })), undefined);
  assert.deepEqual(findCircle(graphOf({ a: ["a"] })), ["a", "a"]);
  assert.deepEqual(findCircle(graphOf({ x: ["a"], a: ["b"], b: ["a"] })), ["a", "b", "a"]);
});

Deno.test("there are no import cycles, including types and dynamic imports", () => {
  assert.ok(graph.size > 250, `${graph.size} files`);
  for (const [path, targets] of graph) {
    for (const target of targets) {
      assert.ok(
        graph.has(target) || !/^(src|ffi)\/.*\.ts$/.test(target),
        `${path} imports ${target}`,
      );
    }
  }
  assert.equal(findCircle(graph)?.join(" -> "), undefined);
});

Deno.test("no folder of src imports one that imports it", () => {
  const rooms = new Map<string, Set<string>>();
  for (const [path, targets] of graph) {
    const room = roomOf(path), below = rooms.get(room) ?? new Set();
    for (const target of targets) if (roomOf(target) !== room) below.add(roomOf(target));
    rooms.set(room, below);
  }
  assert.equal(findCircle(rooms)?.join(" -> "), undefined);
  for (const room of ["ffi", "src/formats", "src/sampling"]) {
    const below = [...rooms.get(room)!].filter((name) => !/^src\/\w+\.ts$/.test(name));
    assert.deepEqual(below, [], `${room} lies on the ground`);
  }
});

Deno.test("no folder has more than 20 files, and no folder of src more than 15 % of its lines", async () => {
  const files = new Map<string, number>(), lines = new Map<string, number>();
  for (const folder of ["ffi", "src"]) {
    for await (const path of walkFiles(folder)) {
      if (!path.endsWith(".ts")) continue;
      const home = path.slice(0, path.lastIndexOf("/"));
      files.set(home, (files.get(home) ?? 0) + 1);
      if (folder === "ffi") continue;
      const { length } = (await Deno.readTextFile(`${ROOT}${path}`)).split("\n");
      lines.set(roomOf(path), (lines.get(roomOf(path)) ?? 0) + length);
    }
  }
  assert.deepEqual([...files].filter(([, count]) => count > 20), []);
  const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
  assert.deepEqual([...lines].filter(([, count]) => count > 0.15 * all), []);
  assert.ok(lines.get("src/cli")! <= 0.12 * all);
});
