/** What `inspect` found out, and how it reads. @module */

/** A file that was looked at. */
export interface FileFact {
  /** As the user named it, or as the folder has it. */
  path: string;
  /** Bytes. */
  size: number;
  /** Absent where hashing was turned off. */
  sha256?: string;
}

/** A tensor of a file, or an input or output of a network. */
export interface TensorFact {
  name: string;
  dtype: string;
  /** Sizes; a symbolic dimension by its name, `?` where nothing is known. */
  shape: readonly (number | string)[];
}

/** Whether a network can be sampled with. */
export interface Verdict {
  /** What it was held to. */
  as: string;
  met: boolean;
  /** Why not; or what is done about it. */
  why?: string;
}

/** What is known of a file or a folder. */
export interface Report {
  path: string;
  /** Short name for scripts. */
  kind: string;
  /** One line for people. */
  what: string;
  files: FileFact[];
  /** The rest, by label. */
  facts: Record<string, string | number | boolean | null>;
  tensors?: TensorFact[];
  inputs?: TensorFact[];
  outputs?: TensorFact[];
  contract?: Verdict;
  parts?: Report[];
  /** What a run takes otherwise than written. */
  notes?: string[];
  /** What is damaged or missing. */
  problems: string[];
}

/** Options of what is looked at and shown. */
export interface InspectOptions {
  /** List every tensor. */
  tensors: boolean;
  /** Compute SHA-256. */
  hash: boolean;
  /** Key of the state dict in a checkpoint. */
  part?: string;
  signal: AbortSignal;
}

/** True where nothing is damaged, missing or unfit, the parts included. */
export function isSound({ problems, contract, parts = [] }: Report): boolean {
  return problems.length === 0 && contract?.met !== false && parts.every(isSound);
}

/** Lines of text. */
export function reportLines(report: Report, indent = ""): string[] {
  const lines = [`${indent}${report.path}: ${report.what}`];
  const row = (label: string, text: string) => lines.push(`${indent}  ${label.padEnd(14)} ${text}`);
  for (const file of report.files) {
    const name = report.files.length > 1 ? `${file.path}  ` : "";
    row("file", `${name}${byteText(file.size)}${file.sha256 ? `  sha256 ${file.sha256}` : ""}`);
  }
  for (const [label, value] of Object.entries(report.facts)) {
    row(label, value === null ? "none" : String(value));
  }
  for (const input of report.inputs ?? []) row("input", tensorText(input));
  for (const output of report.outputs ?? []) row("output", tensorText(output));
  if (report.contract) row("contract", verdictText(report.contract));
  for (const note of report.notes ?? []) row("note", note);
  for (const problem of report.problems) row("problem", problem);
  for (const tensor of report.tensors ?? []) lines.push(`${indent}    ${tensorText(tensor)}`);
  return [...lines, ...(report.parts ?? []).flatMap((part) => reportLines(part, `${indent}  `))];
}

function verdictText({ as, met, why }: Verdict): string {
  return `${met ? "met" : "NOT met"} as ${as}${why ? `: ${why}` : ""}`;
}

function tensorText({ name, dtype, shape }: TensorFact): string {
  return `${name} ${dtype} ${shape.length ? `[${shape.join(", ")}]` : "scalar"}`;
}

/** `2.7 GB (2700000000 bytes)` */
export function byteText(size: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(size, 1)) / 3));
  if (power === 0) return `${size} bytes`;
  return `${(size / 1000 ** power).toFixed(1)} ${units[power]} (${size} bytes)`;
}
