/** Writes the results of an experiment: table, plots, sheets, page. @module */
import { join } from "node:path";
import { highest } from "../report/extent.ts";
import { reportPage } from "../report/report_page.ts";
import { imageSheet, type SheetRow } from "../report/image_sheet.ts";
import { figure } from "../report/svg.ts";
import type { Manifest } from "../runs/manifest.ts";
import { writeWholeFile } from "../storage/whole_file.ts";
import { type Cell, settingName } from "./cells.ts";
import { experimentCharts } from "./charts.ts";
import type { Definition } from "./definition.ts";
import { type Gallery, MAX_SEEDS_ON_SHEET } from "./gallery.ts";
import type { MeasuredSample } from "./measured_run.ts";
import { resultsCsv } from "./results_csv.ts";
import { environmentFacts, figuresTable, repeatNotes } from "./summary.ts";

/** Finished runs of an experiment. */
export interface FinishedRuns {
  name: string;
  path: string;
  /** Text of the experiment file. */
  text: string;
  definition: Definition;
  swept: readonly string[];
  cells: readonly Cell[];
  /** Manifests of the finished runs, by cell. */
  manifests: ReadonlyMap<string, Manifest>;
  failed: readonly { name: string; message: string }[];
  samples: readonly MeasuredSample[];
  gallery: Gallery;
}

/** File name of the report. */
export const REPORT = "report.html";

/**
 * Writes every file atomically.
 *
 * @throws {StorageError} when the file system refuses
 */
export async function writeReport(findings: FinishedRuns): Promise<void> {
  const { path, samples, definition, swept } = findings;
  const write = (name: string, text: string) =>
    writeWholeFile(join(path, name), new TextEncoder().encode(text));
  const charts = experimentCharts(samples, { metrics: definition.metrics, swept });
  await write("results.csv", resultsCsv(samples, { root: path, swept }));
  for (const { name, panels } of charts) await write(`${name}.svg`, figure(panels, 2));
  for (const [name, svg] of sheets(findings)) await write(name, svg);
  const { cells, manifests, failed, gallery } = findings;
  const missing = cells.filter(({ id }) => !manifests.has(id)).map(cellName);
  await write(
    REPORT,
    reportPage({
      title: findings.name,
      about: definition.about,
      status: {
        done: manifests.size,
        wanted: cells.length,
        missing: missing.filter((name) => !failed.some((failure) => failure.name === name)),
        failed,
      },
      made: environmentFacts([...manifests.values()]),
      notes: repeatNotes(samples),
      table: figuresTable(samples),
      charts: charts.flatMap(({ label, panels }) => panels.map((panel) => ({ label, panel }))),
      samples: gallery.samples,
      leftOut: gallery.leftOut,
      definition: findings.text,
    }),
  );
}

/** Name of a run: `tqn, window_size 8, seed 0`. */
export function cellName(cell: Cell): string {
  const repeat = cell.repeat > 1 ? `, repeat ${cell.repeat}` : "";
  return `${settingName(cell)}, seed ${cell.seed}${repeat}`;
}

/** Sheets of the final images by setting and seed, and of the images after every round. */
function sheets({ gallery: { finals, samples } }: FinishedRuns): [name: string, svg: string][] {
  const made: [string, string][] = [];
  if (finals.length > 0) {
    const seeds = [...new Set(finals.map((final) => final.seed))].slice(0, MAX_SEEDS_ON_SHEET);
    const rows = [...Map.groupBy(finals, (final) => final.setting)].map((
      [name, mine],
    ): SheetRow => ({
      name,
      cells: seeds.map((seed) => mine.find((final) => final.seed === seed)?.image),
    }));
    const columns = seeds.map((seed) => `seed ${seed}`);
    const sheet = imageSheet(rows, { title: "final images", columns });
    made.push(["contact_sheet_final.svg", figure([sheet], 1)]);
  }
  const first = samples.filter(({ seed }) => seed === samples[0].seed);
  if (first.length > 0) {
    const rows = first.map(({ setting, rounds }): SheetRow => ({ name: setting, cells: [rounds] }));
    const most = highest(first.map(({ rounds }) => rounds.count));
    const columns = Array.from({ length: most }, (_, round) => round === 0 ? "start" : `${round}`);
    const sheet = imageSheet(rows, { title: "images after every round", columns });
    made.push(["contact_sheet_rounds.svg", figure([sheet], 1)]);
  }
  return made;
}
