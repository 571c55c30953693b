/** Detects warm-start files that were given to the wrong setting. @module */
import { FormatError } from "../../errors.ts";
import { type KnownKind, recognise } from "../../formats/foreign_file.ts";
import { readSafetensors } from "../../formats/safetensors/safetensors.ts";

type Source = "initialTrajectory" | "initialLatents" | "initialImage";

/** File kinds that each setting accepts. */
const TAKES: Record<Source, { kinds: readonly KnownKind[]; text: string }> = {
  initialTrajectory: { kinds: ["safetensors"], text: "the trajectory.safetensors of a run" },
  initialLatents: {
    kinds: ["npy", "npz", "torch", "old_torch", "pickle", "safetensors"],
    text: "a latent, npy or safetensors",
  },
  initialImage: { kinds: ["png", "jpeg", "image"], text: "a PNG or JPEG image" },
};

/** Setting that accepts a kind of file. */
const SOURCES: Partial<Record<KnownKind, Source>> = {
  png: "initialImage",
  jpeg: "initialImage",
  npy: "initialLatents",
  safetensors: "initialLatents",
};

/**
 * Refuses a file of a kind that another setting accepts. Unknown kinds pass, because the file's
 * reader reports its errors.
 *
 * @throws {FormatError} naming the kind of the file and the setting that accepts it
 */
export function expectKind(
  bytes: Uint8Array,
  { setting, file }: { setting: Source; file: string },
): void {
  const found = recognise(bytes);
  if (found === undefined) return;
  const { kind } = found;
  const trajectory = kind === "safetensors" && setting !== "initialTrajectory" &&
    isTrajectory(bytes);
  if (!trajectory && TAKES[setting].kinds.includes(kind)) return;
  const what = trajectory ? "a trajectory of a run" : found.what;
  const other = trajectory ? "initialTrajectory" : SOURCES[kind];
  throw new FormatError(
    (name) => `${name(setting)} ${file} is ${what}, wanted ${TAKES[setting].text}`,
    { hint: other ? (name) => `give it to ${name(other)}` : found.hint },
  );
}

function isTrajectory(bytes: Uint8Array): boolean {
  try {
    const { tensors } = readSafetensors(bytes);
    return tensors.has("trajectory") && tensors.has("noise");
  } catch (error) {
    if (error instanceof FormatError) return false; // its reader reports the error
    throw error;
  }
}
