/** Summarizes an experiment for the report. @module */
import type { Manifest } from "../runs/manifest.ts";
import { highest } from "../report/extent.ts";
import type { ReportModel } from "../report/report_model.ts";
import { settingName } from "./cells.ts";
import { groups } from "./charts.ts";
import type { MeasuredSample } from "./measured_run.ts";
import { decibels } from "./results_csv.ts";

const HEAD = [
  ...["setting", "samples", "rounds", "rounds to 40 dB", "evaluations", "seconds"],
  ...[
    "time over sequential",
    "worst last residual",
    "worst PSNR, dB",
    "worst SSIM",
    "largest difference",
  ],
];

/**
 * Table with one row per setting: mean costs, and the largest differences from the sequential
 * sample.
 */
export function figuresTable(samples: readonly MeasuredSample[]): ReportModel["table"] {
  const seconds = new Map<string, number>();
  for (const { cell, index, figures } of samples) {
    if (cell.id === cell.reference) seconds.set(`${cell.id} ${index}`, figures.seconds);
  }
  const rows = groups(samples, ({ cell }) => settingName(cell)).map(([name, mine]) => {
    const figures = mine.map((sample) => sample.figures);
    const mean = (of: (f: MeasuredSample["figures"]) => number) =>
      figures.reduce((sum, f) => sum + of(f), 0) / figures.length;
    const most = (of: (f: MeasuredSample["figures"]) => number) => highest(figures.map(of));
    const shares = mine.map(({ cell, index, figures }) =>
      figures.seconds / seconds.get(`${cell.reference} ${index}`)!
    );
    return [
      name,
      String(mine.length),
      mean((f) => f.rounds).toFixed(1),
      meanRoundsToLookAlike(mine),
      mean((f) => f.nfe).toFixed(0),
      mean((f) => f.seconds).toFixed(2),
      `${(shares.reduce((a, b) => a + b, 0) / shares.length).toFixed(2)}×`,
      scientific(most((f) => f.residual)),
      decibels(-most((f) => -f.psnr_db)),
      (-most((f) => -f.ssim)).toFixed(4),
      scientific(most((f) => f.max_abs)),
    ];
  });
  return { head: HEAD, rows };
}

/**
 * Mean rounds of the samples that came to look like the sequential one, and their number if not all
 * did.
 */
function meanRoundsToLookAlike(samples: readonly MeasuredSample[]): string {
  const rounds = samples.map((sample) => sample.roundsToLookAlike).filter((r) => r !== undefined);
  if (rounds.length === 0) return "–";
  const mean = rounds.reduce((a, b) => a + b, 0) / rounds.length;
  const share = rounds.length < samples.length ? ` (${rounds.length} of ${samples.length})` : "";
  return mean.toFixed(1) + share;
}

function scientific(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

/** Versions, library, machine and model; several values if they differ between runs. */
export function environmentFacts(manifests: readonly Manifest[]): ReportModel["made"] {
  const facts = new Map<string, Set<string>>();
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) facts.set(name, (facts.get(name) ?? new Set()).add(value));
  };
  for (const { versions, library, host, model, provider, arguments: args } of manifests) {
    add("parataa", versions.parataa);
    if (versions.solver) add("solver", `revision ${versions.solver}`);
    add("Deno", versions.deno);
    add("ONNX Runtime", `${versions.onnxruntime}, SHA-256 ${library.sha256?.slice(0, 16) ?? "?"}…`);
    add("provider", provider);
    if (host) add("machine", `${host.cpu ?? "processor not noted"}, ${host.os} ${host.arch}`);
    add("threads", String(args.threads ?? host?.cores ?? "all cores"));
    for (const [name, { sha256 }] of Object.entries(model.files)) {
      add(`${model.name}/${name}`, `SHA-256 ${sha256.slice(0, 16)}…`);
    }
  }
  return [...facts].map(([name, values]) => [name, [...values]] as const);
}

/** Reports whether repeated runs have equal images; empty without repeated runs. */
export function repeatNotes(samples: readonly MeasuredSample[]): string[] {
  const first = ({ cell }: MeasuredSample) => cell.id.replace(/-repeat\d+$/, "");
  const repeated = groups(samples, (sample) => `${first(sample)} ${sample.index}`)
    .filter(([, mine]) => mine.length > 1);
  if (repeated.length === 0) return [];
  const other = repeated.filter(([, mine]) => new Set(mine.map((s) => s.image)).size > 1);
  if (other.length === 0) {
    return [`All repeated runs have byte-identical images (${repeated.length}).`];
  }
  return [
    `${other.length} of ${repeated.length} repeated runs have different images: ${other[0][0]}`,
  ];
}
