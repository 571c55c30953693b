/** What `selftest` prints. @module */
import type { Digest } from "../../storage/hash.ts";
import type { Host } from "../../runs/host.ts";
import type { NetworkResult } from "./selftest_measure.ts";

/** All that a reader far away must know. */
export interface SelftestReport {
  /** `cpu`, `cuda:0`. */
  device: string;
  /** The device's name; absent for the CPU. */
  name?: string;
  /** Highest version of CUDA that the driver serves; absent for the CPU. */
  driver?: string;
  versions: { parataa: string; deno: string; onnxruntime: string };
  host: Host;
  threads?: number;
  /** Libraries in use; without a digest where reading one is not granted. */
  libraries: ({ path: string } & Partial<Digest>)[];
  networks: NetworkResult[];
}

/** The lines above the table. */
export function headLines(report: SelftestReport): string[] {
  const { device, name, driver, versions, host, threads, libraries } = report;
  const serves = driver === undefined ? "" : `, the driver supports CUDA ${driver}`;
  return [
    `device ${device}${name === undefined ? "" : `: ${name}`}${serves}`,
    `parataa ${versions.parataa}, Deno ${versions.deno}, ONNX Runtime ${versions.onnxruntime}`,
    `${host.os} ${host.arch}, ${host.cores} cores, ${threads ?? "all"} threads`,
    ...libraries.map(({ path, sha256, size }) =>
      `${path}` + (sha256 === undefined ? "" : ` ${size} bytes, sha256 ${sha256.slice(0, 16)}…`)
    ),
  ];
}

/** The columns of the default batches fit 80 characters. */
const NAME_WIDTH = 22;
const DIFFERENCE_WIDTH = 8;
const TIME_WIDTH = 6;

/** The two lines over the table's columns. */
export function tableHead(batches: readonly number[]): string[] {
  return [
    " ".repeat(NAME_WIDTH) + "difference".padStart(2 * DIFFERENCE_WIDTH) +
    "  median ms of a call, by rows",
    "network".padEnd(NAME_WIDTH) +
    ["largest", "of RMS", ...batches.map(String)].map(column).join(""),
  ];
}

/** A network's line. */
export function tableLine({ network, difference, times }: NetworkResult): string {
  const differences = [difference.absolute, difference.relative].map((x) =>
    x === 0 ? "0" : x.toExponential(1)
  );
  const cells = [...differences, ...times.map(({ median }) => shortNumber(median))];
  return network.padEnd(NAME_WIDTH) + cells.map(column).join("");
}

function column(cell: string, index: number): string {
  return cell.padStart(index < 2 ? DIFFERENCE_WIDTH : TIME_WIDTH);
}

/** Three digits, or thousandths. */
function shortNumber(value: number): string {
  if (value < 0.1) return value.toFixed(3);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
