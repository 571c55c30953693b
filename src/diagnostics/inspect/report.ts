/** The report of `inspect` and its text form. @module */

/** An inspected file. */
export interface FileFact {
  /** Path as given by the user, or relative to the inspected folder. */
  path: string;
  /** Bytes. */
  size: number;
  /** Absent with `--no_hash`. */
  sha256?: string;
}

/** A tensor of a file, or an input or output of a network. */
export interface TensorFact {
  name: string;
  dtype: string;
  /** Dimensions; a symbolic dimension by its name, `?` if unknown. */
  shape: readonly (number | string)[];
}

/** Whether a network can be sampled with. */
export interface Verdict {
  /** The role it was checked for, such as a denoiser. */
  as: string;
  met: boolean;
  /** Reason of a failure, or how the network is adapted. */
  why?: string;
}

/** Description of a file or a folder. */
export interface Report {
  path: string;
  /** Short name, for JSON. */
  kind: string;
  /** Description in one line. */
  what: string;
  files: FileFact[];
  /** Further facts, by label. */
  facts: Record<string, string | number | boolean | null>;
  tensors?: TensorFact[];
  inputs?: TensorFact[];
  outputs?: TensorFact[];
  contract?: Verdict;
  parts?: Report[];
  /** Adaptations that sampling makes. */
  notes?: string[];
  /** Damage and missing parts. */
  problems: string[];
}

/** Options of `inspect`. */
export interface InspectOptions {
  /** List every tensor. */
  tensors: boolean;
  /** Compute SHA-256. */
  hash: boolean;
  /** Key of the state dict in a checkpoint. */
  part?: string;
  signal: AbortSignal;
}

/** Whether nothing is damaged, missing or unsuitable, in the parts too. */
export function isFaultless({ problems, contract, parts = [] }: Report): boolean {
  return problems.length === 0 && contract?.met !== false && parts.every(isFaultless);
}

/** Text lines of a report. */
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
