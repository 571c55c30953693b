/** Files to start from that were given to the flag of another kind. @module */
import { FormatError } from "../errors.ts";
import { type FileKind, fileKind, kindText } from "../formats/file_kind.ts";
import { readSafetensors } from "../formats/safetensors/safetensors.ts";

type Flag = "init_trajectory" | "init_latents" | "init_image";

/** What each flag takes. */
const TAKES: Record<Flag, { kinds: readonly FileKind[]; text: string }> = {
  init_trajectory: { kinds: ["safetensors"], text: "the trajectory.safetensors of a run" },
  init_latents: {
    kinds: ["npy", "npz", "pytorch", "safetensors"],
    text: "a latent, npy or safetensors",
  },
  init_image: { kinds: ["image"], text: "a PNG or JPEG image" },
};

/** The flag that takes a kind of file. */
const FLAGS: Partial<Record<FileKind, Flag>> = {
  image: "init_image",
  npy: "init_latents",
  safetensors: "init_latents",
};

/**
 * Passes over what a flag takes, and what cannot be told by its first bytes: the readers say what is wrong with it.
 *
 * @throws {FormatError} saying what the file is and which flag takes it
 */
export function expectKind(bytes: Uint8Array, { flag, file }: { flag: Flag; file: string }): void {
  const kind = fileKind(bytes);
  if (kind === undefined) return;
  const trajectory = kind === "safetensors" && flag !== "init_trajectory" && isTrajectory(bytes);
  if (!trajectory && TAKES[flag].kinds.includes(kind)) return;
  const what = trajectory ? "a trajectory of a run" : kindText(kind);
  const other = trajectory ? "init_trajectory" : FLAGS[kind];
  throw new FormatError(`--${flag} ${file} is ${what}, wanted ${TAKES[flag].text}`, {
    hint: other && `give it to --${other}`,
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
