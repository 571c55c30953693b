/**
 * Checks that all devices of a pool evaluate the same network, by their tensors and by probes.
 * @module
 */
import { RuntimeLibraryError } from "../errors.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import type { DeviceLink } from "./device_link.ts";
import { type Probe, probeDifference } from "./probe.ts";
import type { ServedModel } from "./remote/remote_device.ts";

/** A model on a server, as a manifest records it. */
export interface ServedNetwork extends ServedModel {
  /** SHA-256 of the outputs for two fixed rows. */
  readonly probe: string;
}

/** An open device. */
export interface Candidate {
  readonly name: string;
  readonly link: Pick<DeviceLink, "inputs" | "outputs" | "served"> | undefined;
  /** Absent in a pool without servers, whose devices all open the same file. */
  readonly probe: Probe | undefined;
}

/** Identity of an admitted device. */
interface Admitted {
  readonly served: ServedModel | undefined;
  readonly probe: Probe | undefined;
}

interface Declared {
  readonly name: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Largest relative difference of two probes that rounding can cause, even in fp16. */
const MAX_DIFFERENCE = 0.05;

/** The devices that a pool has admitted. */
export class Admission {
  readonly #onNote: (line: string) => void;
  readonly #admitted = new Map<string, Admitted>();
  #first: Declared | undefined;
  /** Whether a note about different bits has been sent. */
  #noted = false;

  constructor(onNote: (line: string) => void) {
    this.#onNote = onNote;
  }

  /** Models on servers, each once, sorted by host. */
  get served(): readonly ServedNetwork[] {
    const networks = new Map<string, ServedNetwork>();
    for (const { served, probe } of this.#admitted.values()) {
      if (!served || !probe) continue;
      networks.set(`${served.host}/${served.model}`, { ...served, probe: probe.sha256 });
    }
    return [...networks].sort(([a], [b]) => a < b ? -1 : 1).map(([, network]) => network);
  }

  /**
   * Compares the inputs and outputs with those of the first device.
   *
   * @throws {RuntimeLibraryError} naming the tensor that differs
   */
  compareTensors({ name, link }: Candidate): void {
    const { inputs, outputs } = link!;
    this.#first ??= { name, inputs, outputs };
    for (const side of ["inputs", "outputs"] as const) {
      checkTensors(name, link![side], { from: this.#first.name, tensors: this.#first[side] });
    }
  }

  /**
   * Compares a device's probe with that of the first device, and with its earlier one if it is
   * opened again.
   *
   * @throws {RuntimeLibraryError} if it evaluates another network
   */
  admit({ name, link, probe }: Candidate): void {
    const now: Admitted = { served: link?.served, probe };
    const before = this.#admitted.get(name);
    if (before) checkUnchanged(name, now, before);
    const [first] = this.#admitted;
    if (first) this.#compareProbes(name, probe, { from: first[0], wanted: first[1].probe });
    this.#admitted.set(name, now);
  }

  #compareProbes(
    name: string,
    probe: Probe | undefined,
    { from, wanted }: { from: string; wanted: Probe | undefined },
  ): void {
    const difference = probe && wanted ? probeDifference(probe, wanted) : 0;
    if (difference === 0) return;
    const size = difference.toPrecision(2);
    if (!(difference <= MAX_DIFFERENCE)) {
      throw new RuntimeLibraryError(
        `${name} evaluates another network than ${from}: ` +
          `the noise of a fixed row differs by ${size} of its size`,
      );
    }
    if (this.#noted) return;
    this.#noted = true;
    this.#onNote(
      `${name} and ${from} differ by ${size} on the same row: ` +
        "the result depends on which rows each evaluates",
    );
  }
}

function checkUnchanged(name: string, now: Admitted, before: Admitted): void {
  const identity = ({ served, probe }: Admitted) =>
    `${served?.model} version ${served?.version} with probe ${probe?.sha256.slice(0, 12)}`;
  if (identity(now) === identity(before)) return;
  throw new RuntimeLibraryError(
    `${name} changed its model during the run: it is ${identity(now)}, it was ${identity(before)}`,
  );
}

function checkTensors(
  name: string,
  found: readonly TensorMetadata[],
  { from, tensors: wanted }: { from: string; tensors: readonly TensorMetadata[] },
): void {
  for (const tensor of new Set([...wanted, ...found].map(({ name }) => name))) {
    const [a, b] = [found, wanted].map((side) => side.find((one) => one.name === tensor));
    if (a && b && isCompatible(a, b)) continue;
    throw new RuntimeLibraryError(
      `${name} has another network than ${from}: ` +
        `its ${tensor} is ${describe(a)}, wanted ${describe(b)}`,
    );
  }
}

/** Whether types and shapes agree; sizes of a row may be open on one side. */
function isCompatible(a: TensorMetadata, b: TensorMetadata): boolean {
  const fixed = (dim: number | string) => typeof dim === "number";
  return a.type === b.type && a.shape.length === b.shape.length && a.shape.every((dim, i) => {
    const other = b.shape[i];
    return fixed(dim) && fixed(other) ? dim === other : i > 0 || fixed(dim) === fixed(other);
  });
}

function describe(tensor: TensorMetadata | undefined): string {
  return tensor ? `${tensor.type} [${tensor.shape.join(", ")}]` : "absent";
}
