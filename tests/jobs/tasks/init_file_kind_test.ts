import assert from "node:assert/strict";
import { asFlag } from "../../../src/arguments/setting_names.ts";
import { FormatError } from "../../../src/errors.ts";
import { writeNpy } from "../../../src/formats/npy/npy.ts";
import {
  type SafetensorsTensor,
  writeSafetensors,
} from "../../../src/formats/safetensors/safetensors.ts";
import { expectKind } from "../../../src/jobs/tasks/init_file_kind.ts";

const TENSOR: SafetensorsTensor = { dtype: "F32", shape: [1], data: Float32Array.of(1) };
const tensors = (...names: string[]) =>
  writeSafetensors(new Map(names.map((name) => [name, TENSOR])));
const latin = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

const FILES = {
  trajectory: tensors("trajectory", "noise"),
  latent: tensors("latents"),
  npy: writeNpy([1], Float32Array.of(1)),
  image: latin("\xff\xd8\xff\xe0"),
  pytorch: latin("\x80\x02}q\0."),
  unknown: latin("words"),
};
type File = keyof typeof FILES;

/** What each flag takes, or leaves to its reader to refuse. */
const PASSED: Record<"initialTrajectory" | "initialLatents" | "initialImage", readonly File[]> = {
  initialTrajectory: ["trajectory", "latent", "unknown"],
  initialLatents: ["latent", "npy", "pytorch", "unknown"],
  initialImage: ["image", "unknown"],
};
/** The flag that a hint names. */
const HINTS: Partial<Record<File, string>> = {
  trajectory: "give it to --init_trajectory",
  latent: "give it to --init_latents",
  npy: "give it to --init_latents",
  image: "give it to --init_image",
  pytorch: "do not load it, since that runs the code in it: take a safetensors file in its place",
};

for (const setting of ["initialTrajectory", "initialLatents", "initialImage"] as const) {
  Deno.test(`expectKind() names the flag for a file that ${asFlag(setting)} does not accept`, () => {
    for (const [name, bytes] of Object.entries(FILES) as [File, Uint8Array][]) {
      if (PASSED[setting].includes(name)) {
        expectKind(bytes, { setting, file: name });
        continue;
      }
      assert.throws(() => expectKind(bytes, { setting, file: "x" }), (error) => {
        assert.ok(error instanceof FormatError, `${name}: ${error}`);
        error.respell(asFlag);
        assert.match(error.message, new RegExp(`^${asFlag(setting)} x is an? .*, wanted `));
        assert.equal(error.hint, HINTS[name]);
        return true;
      });
    }
  });
}

Deno.test("expectKind() accepts a damaged safetensors file, which its reader refuses", () => {
  const damaged = FILES.trajectory.slice(0, 30);
  expectKind(damaged, { setting: "initialLatents", file: "x" });
});
