/** Files to start from that were given to the flag of another kind. @module */
import { FormatError } from "../errors.ts";
import { type KnownKind, recognise } from "../formats/foreign_file.ts";
import { readSafetensors } from "../formats/safetensors/safetensors.ts";

type Flag = "init_trajectory" | "init_latents" | "init_image";

/** What each flag takes. */
const TAKES: Record<Flag, { kinds: readonly KnownKind[]; text: string }> = {
  init_trajectory: { kinds: ["safetensors"], text: "the trajectory.safetensors of a run" },
  init_latents: {
    kinds: ["npy", "npz", "torch", "old_torch", "pickle", "safetensors"],
    text: "a latent, npy or safetensors",
  },
  init_image: { kinds: ["png", "jpeg", "image"], text: "a PNG or JPEG image" },
};

/** The flag that takes a kind of file. */
const FLAGS: Partial<Record<KnownKind, Flag>> = {
  png: "init_image",
  jpeg: "init_image",
  npy: "init_latents",
  safetensors: "init_latents",
};

/**
 * Passes over what a flag takes, and what cannot be told by its first bytes: the readers say what is wrong with it.
 *
 * @throws {FormatError} saying what the file is and which flag takes it
 */
export function expectKind(bytes: Uint8Array, { flag, file }: { flag: Flag; file: string }): void {
  const found = recognise(bytes);
  if (found === undefined) return;
  const { kind } = found;
  const trajectory = kind === "safetensors" && flag !== "init_trajectory" && isTrajectory(bytes);
  if (!trajectory && TAKES[flag].kinds.includes(kind)) return;
  const what = trajectory ? "a trajectory of a run" : found.what;
  const other = trajectory ? "init_trajectory" : FLAGS[kind];
  throw new FormatError(`--${flag} ${file} is ${what}, wanted ${TAKES[flag].text}`, {
    hint: other ? `give it to --${other}` : found.hint,
  });
}

function isTrajectory(bytes: Uint8Array): boolean {
  try {
    const { tensors } = readSafetensors(bytes);
    return tensors.has("trajectory") && tensors.has("noise");
  } catch (error) {
    if (error instanceof FormatError) return false; // its reader says what is wrong
    throw error;
  }
}
