/**
 * Progress of a download: a bar on a terminal, lines elsewhere, JSON with `--json`, nothing with
 * `--quiet`.
 * @module
 */
import type { FetchedModel, FetchEvent } from "../hub/fetch_model.ts";
import { shorten } from "../text.ts";
import { printLine, printLines, printStatus } from "./print.ts";
import { progressBar, terminalWidth, truncateLine } from "./progress.ts";

/** Milliseconds between two updates of the bar. */
const REDRAW_MS = 100;

/** Maximum length of a file name in the bar. */
const NAME_WIDTH = 40;

/** Prints download events. */
export interface DownloadProgress {
  show(event: FetchEvent): void;
  /** Reports the end; `next` is a command line for the user. */
  done(model: FetchedModel, options: { dryRun: boolean; next: string }): void;
}

/** Chooses the form by the flags and by whether standard error is a terminal. */
export function downloadProgress(options: { quiet: boolean; json: boolean }): DownloadProgress {
  if (options.json) return jsonProgress();
  if (options.quiet) return { show() {}, done: ({ path }) => printLine(path) };
  return textProgress(Deno.stderr.isTerminal());
}

function jsonProgress(): DownloadProgress {
  return {
    show(event) {
      if (event.event === "bytes") return;
      printLine(JSON.stringify(event.event === "files" ? filesEvent(event.model) : event));
    },
    done({ path, commit }, { dryRun }) {
      if (!dryRun) printLine(JSON.stringify({ event: "fetched", path, commit }));
    },
  };
}

function filesEvent({ files, ...model }: FetchedModel): object {
  const listed = files.map(({ path, size, hash }) => ({ path, size, [hash.kind]: hash.hex }));
  return { event: "files", ...model, bytes: sumOf(files), files: listed };
}

function textProgress(terminal: boolean): DownloadProgress {
  const before = terminal ? "\r\x1b[K" : "";
  const started = performance.now();
  let drawn = -Infinity;
  let received = 0, last = { path: "", done: 0 };
  return {
    show(event) {
      switch (event.event) {
        case "files":
          printStatus(summaryOf(event.model));
          break;
        case "bytes": {
          // Bytes of an earlier start, reported by a file's first event, do not count for the
          // speed.
          if (event.path === last.path) received += Math.max(0, event.done - last.done);
          last = event;
          const now = performance.now();
          if (!terminal || now - drawn < REDRAW_MS) break;
          drawn = now;
          const line = barLine(event, received / ((now - started) / 1000));
          printStatus(truncateLine(line, terminalWidth() - 1), { before, end: "" });
          break;
        }
        case "file":
          printStatus(`${event.path}: ${sizeText(event.size)}`, { before });
          break;
        case "note":
          printStatus(event.line, { before });
      }
    },
    done({ files, path }, { dryRun, next }) {
      const listed = files.map((file) => `${sizeText(file.size).padStart(9)}  ${file.path}`);
      if (dryRun) printLines(listed);
      else printLines([path, next]);
    },
  };
}

function summaryOf({ repository, revision, commit, path, files }: FetchedModel): string {
  const count = `${files.length} file${files.length === 1 ? "" : "s"}`;
  const at = revision === commit ? "" : ` ${revision},`;
  return `${repository},${at} commit ${commit.slice(0, 8)}: ${count}, ${
    sizeText(sumOf(files))
  }, into ${path}`;
}

function barLine(
  { path, done, total }: Extract<FetchEvent, { event: "bytes" }>,
  bytesPerSecond: number,
): string {
  const speed = bytesPerSecond > 0 ? `, ${sizeText(bytesPerSecond)}/s` : "";
  return `${progressBar(total === 0 ? 1 : done / total)} ${sizeText(done)} of ${
    sizeText(total)
  }${speed}, ${shorten(path, NAME_WIDTH)}`;
}

function sumOf(files: FetchedModel["files"]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Size in the largest decimal unit with a value of at least 1: `3.4 GB`. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 999.95 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${unit === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}
