import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { permissionFlags, SAMPLE } from "../../src/arguments/permissions.ts";
import { ROOT, runScript } from "../support/run_script.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";

/** A model whose UNet keeps its weights in a file beside it. */
const MODEL = join(ROOT, "tests/fixtures/layouts/optimum_steps");

Deno.test("parallel_sd_winit.ts reads only permitted files, and checks before it opens a session", () =>
  withTempFolder(async (outside) => {
    const model = join(outside, "model");
    await copyFolder(MODEL, model);
    await Deno.writeTextFile(join(outside, "warm.safetensors"), "{}");
    const inside = await Deno.makeTempDir({ dir: join(ROOT, "output"), prefix: ".outside-" });
    try {
      const relative = join("output", basename(inside));
      await copyFolder(MODEL, join(inside, "linked"));
      await copyFolder(MODEL, join(inside, "external"));
      for (const [from, to] of [["linked", "model.onnx"], ["external", "model.onnx_data"]]) {
        await Deno.remove(join(inside, from, "unet", to));
        await Deno.symlink(join(model, "unet", to), join(inside, from, "unet", to));
      }
      await Deno.symlink(model, join(inside, "folder"));
      await Deno.symlink(join(outside, "warm.safetensors"), join(inside, "warm.safetensors"));
      const cases: Record<string, string[]> = {
        "model outside": ["-m", model],
        "model folder is a link out": ["-m", join(relative, "folder")],
        "network is a link out": ["-m", join(relative, "linked")],
        "external data are a link out": ["-m", join(relative, "external")],
        "another VAE outside": ["--vae_path", model],
        "warm start outside": ["--init_trajectory", join(outside, "warm.safetensors")],
        "warm start is a link out": ["--init_latents", join(relative, "warm.safetensors")],
      };
      const audit = join(outside, "audit");
      for (const [what, args] of Object.entries(cases)) {
        const { code, stdout, stderr } = await runScript(
          "scripts/parallel_sd_winit.ts",
          [...args, "--timesteps=2", "--variation_steps=1", "-o", join(relative, "out")],
          { permissions: permissionFlags(SAMPLE), env: { DENO_AUDIT_PERMISSIONS: audit } },
        );
        assert.equal(code, 4, `${what}: ${stderr}`);
        assert.match(stderr, /^parataa: E_PERMISSION: .*Requires read access .*--allow-read/, what);
        assert.equal(stdout, "", what);
        // What a flag names is looked at before ONNX Runtime is opened; what lies in a model
        // folder, before it is handed over.
        const opened = /"ffi","value":"[^"]*libonnxruntime/.test(await Deno.readTextFile(audit));
        assert.equal(opened, /network|external/.test(what), what);
        await assert.rejects(Deno.stat(join(inside, "out")), Deno.errors.NotFound, what);
      }
    } finally {
      await Deno.remove(inside, { recursive: true });
    }
  }));
