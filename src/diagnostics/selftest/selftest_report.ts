/** Output of `selftest`. @module */
import type { Digest } from "../../storage/hash.ts";
import type { Host } from "../../runs/host.ts";
import type { NetworkResult } from "./selftest_measure.ts";

/** Facts needed to interpret the results on another machine. */
export interface SelftestReport {
  /** `cpu`, `cuda:0`, `webgpu:0`. */
  device: string;
  /** Device name; absent for the CPU. */
  name?: string;
  /** Highest CUDA version that the driver supports; absent for the CPU. */
  driver?: string;
  /** Precision of the provider's arithmetic, in words. */
  precision: string;
  /** Whether no network has been tested on this provider here. */
  untested: boolean;
  versions: { parataa: string; deno: string; onnxruntime: string };
  host: Host;
  threads?: number;
  /** Libraries in use; without digest if a library may not be read. */
  libraries: ({ path: string } & Partial<Digest>)[];
  networks: NetworkResult[];
}

/** Lines above the table. */
export function headLines(report: SelftestReport): string[] {
  const { device, name, driver, precision, untested, versions, host, threads, libraries } = report;
  const serves = driver === undefined ? "" : `, the driver supports CUDA ${driver}`;
  return [
    `device ${device}${name === undefined ? "" : `: ${name}`}${serves}`,
    ...(name === undefined ? [] : [`precision: ${precision}`]),
    ...(untested
      ? ["no network has been tested on this provider yet: please report this table"]
      : []),
    `parataa ${versions.parataa}, Deno ${versions.deno}, ONNX Runtime ${versions.onnxruntime}`,
    `${host.os} ${host.arch}, ${host.cores} cores, ${threads ?? "all"} threads`,
    ...libraries.map(({ path, sha256, size }) =>
      `${path}` + (sha256 === undefined ? "" : ` ${size} bytes, sha256 ${sha256.slice(0, 16)}…`)
    ),
  ];
}

/** Width of the name column, chosen so that the default batches fit 80 columns. */
const NAME_WIDTH = 22;
const DIFFERENCE_WIDTH = 8;
const TIME_WIDTH = 6;

/** Two header lines of the table. */
export function tableHead(batches: readonly number[]): string[] {
  return [
    " ".repeat(NAME_WIDTH) + "difference".padStart(2 * DIFFERENCE_WIDTH) +
    "  median ms of a call, by rows",
    "network".padEnd(NAME_WIDTH) +
    ["largest", "of RMS", ...batches.map(String)].map(column).join(""),
  ];
}

/** Table row of a network. */
export function tableLine({ network, difference, times }: NetworkResult): string {
  const differences = [difference.absolute, difference.relative].map((x) =>
    x === 0 ? "0" : x.toExponential(1)
  );
  const cells = [...differences, ...times.map(({ median }) => shortNumber(median))];
  return network.padEnd(NAME_WIDTH) + cells.map(column).join("");
}

/** Lines below the table: the nodes that the provider left to the CPU. */
export function placementLines(networks: readonly NetworkResult[]): string[] {
  const known = networks.filter(({ placement }) => placement !== undefined);
  if (known.length === 0) return [];
  const left = known.filter(({ placement }) => placement!.onCpu > 0)
    .map(({ network, placement }) => `${network} ${placement!.onCpu} of ${placement!.nodes}`);
  if (left.length === 0) return ["no node is left to the CPU"];
  return ["nodes left to the CPU:", ...left.map((line) => `  ${line}`)];
}

function column(cell: string, index: number): string {
  return cell.padStart(index < 2 ? DIFFERENCE_WIDTH : TIME_WIDTH);
}

/** A number with three digits, or three decimals. */
function shortNumber(value: number): string {
  if (value < 0.1) return value.toFixed(3);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
