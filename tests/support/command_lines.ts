/** Short command lines for every command that need all its permissions. @module */

/**
 * Paths of one test, relative to the project's root, each below a folder of the permission table.
 */
export interface LinePaths {
  /** New path below `output/`. */
  out: string;
  /** A finished run of the DiT with two steps, below `output/`. */
  run: string;
  /** A small DiT's checkpoint below `models/`, and a new folder beside it. */
  checkpoint: string;
  folder: string;
  /** A definition of two short runs, below `scripts/experiments/`. */
  experiment: string;
}

/** A Worker reads its own modules, for which `src` and `ffi` are granted. */
export const DEVICES = "--devices=cpu:2";

/** Arguments by the name of the command. */
export function commandLines(paths: LinePaths): Readonly<Record<string, string[][]>> {
  const { out, run, checkpoint, folder, experiment } = paths;
  const short = ["--timesteps=2", DEVICES, `--output_path=${out}`];
  return {
    dit: [[...short, "--num_samples=1"]],
    flow: [[...short, "--num_samples=1"]],
    sd: [[...short, "--num_samples=1"]],
    "sd-winit": [[...short, "--variation_steps=1"]],
    demo: [[`--output_path=${out}`, "--max_steps=2"]],
    verify: [["dit", ...short, "--num_samples=1"]],
    rerun: [[run, `--output_path=${out}`]],
    experiment: [[experiment, `--output_path=${out}`]],
    inspect: [["models/dit-emoji"], [run]],
    doctor: [["--model_path=models/dit-emoji"]],
    selftest: [["--device=cpu", "--batches=1"]],
    fetch: [["owner/name", `--output_path=${folder}`]],
    convert: [[
      "dit",
      `--checkpoint_path=${checkpoint}`,
      "--num_heads=2",
      `--output_path=${folder}`,
    ]],
  };
}
