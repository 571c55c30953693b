/**
 * Names that would leave a folder if they became paths, and the checks after a run with them.
 * @module
 */
import assert from "node:assert/strict";
import { join, sep } from "node:path";
import { digestFile } from "../../src/storage/hash.ts";

/** Parts with a special meaning for file systems, shells or decoders. */
const PARTS: readonly string[] = [
  "..",
  "../../../escaped",
  "/escaped",
  "//escaped",
  "./../escaped",
  "%2e%2e%2fescaped",
  "%252e%252e%252f",
  "..%c0%af..",
  "..\\..\\escaped",
  "C:\\escaped",
  "\\\\host\\escaped",
  "\u202e../escaped",
  "․․/escaped",
  "．．／escaped",
  "~/escaped",
  "$HOME/escaped",
  "`touch escaped`",
  "$(touch escaped)",
  "; touch escaped",
  "| touch escaped",
  "-rf",
  "--output_path=/escaped",
  "CON",
  "NUL.png",
  "aux",
  ".tmp",
  ".parataa.lock",
  ".rounds.log",
  ".manifest.json.tmp-1",
  "manifest.json",
  "args.txt",
  "sample_0",
  "sample_0/../../escaped",
  "file:///escaped",
  "__proto__",
  "constructor",
  "a".repeat(4096),
  "é".repeat(300),
  "name ",
  "name.",
  ":stream",
  "*?<>|",
];

/** Returns 210 names. `line` leaves out those that a text file or a command line cannot contain. */
export function hostileNames({ line }: { line: boolean }): string[] {
  const wraps: readonly ((part: string) => string)[] = [
    (part) => part,
    (part) => `a cute dog ${part}`,
    (part) => `${part}/step_0.png`,
    (part) => line ? `${part};${part}` : `${part}\0.png`,
    (part) => line ? `"${part}"` : `first\n${part}\r\n`,
  ];
  return PARTS.flatMap((part) => wraps.map((wrap) => wrap(part)));
}

/** Names that a run may have in its folder. */
const OURS =
  /^[^/]+\/(?:args\.txt|manifest\.json|samples\.png|sample_[0-9]+\/(?:step_[0-9]+|contact_sheet)\.png|sample_[0-9]+\/(?:rounds\.csv|trajectory\.safetensors))$/;

/** A folder with canary files around the output folder. */
export class Cage {
  /** Folder for output. */
  readonly out: string;
  readonly #root: string;
  readonly #canaries: readonly string[];

  private constructor(root: string, out: string, canaries: readonly string[]) {
    this.#root = root;
    this.out = out;
    this.#canaries = canaries;
  }

  /** Creates the canary files. */
  static async create(root: string): Promise<Cage> {
    const out = join(root, "deep", "down", "out");
    await Deno.mkdir(out, { recursive: true });
    const canaries = ["", "deep", "deep/down"].map((folder) => join(root, folder, "escaped"));
    for (const canary of canaries) await Deno.writeTextFile(canary, "untouched");
    return new Cage(root, out, canaries);
  }

  /**
   * Asserts that no file lies outside, that files inside have expected names, and that there are no
   * links.
   */
  async expectClosed(others: readonly string[] = []): Promise<void> {
    for (const canary of this.#canaries) {
      assert.deepEqual(await digestFile(canary), {
        size: 9,
        // SHA-256 of "untouched".
        sha256: "d59c2a5f721ce135ce54628b1ad8ad8b8eb26c8bbe2e2abe1cdca97e2d6ab446",
      });
    }
    const known = [...this.#canaries, ...others];
    for (const file of walk(this.#root)) {
      if (known.some((path) => file === path || file.startsWith(path + sep))) continue;
      assert.ok(file.startsWith(this.out + sep), `${file} lies outside`);
      assert.match(file.slice(this.out.length + 1), OURS);
      assert.equal(await Deno.realPath(file), file);
    }
  }
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}
