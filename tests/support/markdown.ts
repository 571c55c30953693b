/** Reads the Markdown files for users, and their parts that can be checked. @module */
import { join } from "node:path";
import { ROOT } from "./run_script.ts";

/** Returns the paths of all Markdown files for users, relative to the root. */
export function pages(): string[] {
  const docs = [...Deno.readDirSync(join(ROOT, "docs"))].map(({ name }) => `docs/${name}`);
  const others = ["models/README.md", "scripts/experiments/README.md", "output/samples/README.md"];
  const top = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
  return [...top, ...docs.filter((path) => path.endsWith(".md")).sort(), ...others];
}

/** Returns the text of a page. */
export function readPage(path: string): Promise<string> {
  return Deno.readTextFile(join(ROOT, path));
}

/** Returns the contents of the fenced blocks of a language. */
export function codeBlocks(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^ *```(\w*)\n([^]*?)\n *```$/gm);
  return [...blocks].filter(([, name]) => name === language).map(([, , code]) => code);
}

/** Returns Markdown without its fenced blocks. */
export function prose(markdown: string): string {
  return markdown.replace(/^ *```[^]*?\n *```$/gm, "");
}

/**
 * Returns the command lines of the shell blocks as words, without comments and leading variables.
 */
export function commandLines(markdown: string): string[][] {
  return codeBlocks(markdown, "sh").flatMap((block) =>
    block.replace(/\\\n\s*/g, "").split("\n")
      .map((line) => words(line.replace(/(^|\s)#.*$/, "").replace(/^([A-Z_]+=\S+ +)+/, "")))
  ).filter((line) => line.length > 0);
}

function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

/** Returns the anchors of the headings, as on GitHub. */
export function anchors(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^#+ +(.*)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
  );
}
