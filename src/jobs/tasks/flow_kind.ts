/** Flow models of classes and of prompts, which one command samples. @module */
import { sdFlags } from "../../arguments/flags/sd_flags.ts";
import type { ResolvedFlow, ResolvedSd } from "../../arguments/settings.ts";
import { SOURCES } from "../../arguments/warm_start_source.ts";
import { UsageError } from "../../errors.ts";
import { ModelFolder } from "../../models/model_folder.ts";
import { textFamily } from "../../pipelines/text_family.ts";

/** What a flow model is conditioned on. */
export type FlowKind = "classes" | "prompts";

/** Settings that a flow of the other kind takes. */
const UNUSED: Readonly<Record<FlowKind, readonly (keyof ResolvedFlow)[]>> = {
  classes: ["prompt", "promptsFile", "negativePrompt", "height", "width"],
  prompts: ["classLabels", "variationSteps", ...SOURCES],
};

/**
 * Kind of the flow in a model folder.
 *
 * @throws {UsageError} naming a setting that a flow of this kind does not use
 */
export async function flowKind(path: string, settings: ResolvedFlow): Promise<FlowKind> {
  const folder = await ModelFolder.open(path, { networks: [], part: true });
  const { flow } = textFamily(await folder.config("model_index.json"));
  const kind = flow ? "prompts" : "classes";
  expectFlowSettings(settings, kind);
  return kind;
}

/** @throws {UsageError} naming a setting that a flow of this kind does not use */
export function expectFlowSettings(settings: ResolvedFlow, kind: FlowKind): void {
  const wrong = UNUSED[kind].find((setting) => settings[setting] !== undefined);
  if (wrong === undefined) return;
  const wanted = kind === "prompts" ? "prompt" : "classLabels";
  const warm = kind === "prompts" && wrong !== "classLabels";
  throw new UsageError(
    (name) => `${name(wrong)} is not used by a flow of ${kind}, which takes ${name(wanted)}`,
    { hint: warm ? "the command sd-winit starts a prompt from a file" : "leave it out" },
  );
}

/** Settings of a flow of prompts as those of text to image. */
export function textSettings(settings: ResolvedFlow): ResolvedSd {
  expectFlowSettings(settings, "prompts");
  const flags = sdFlags(), { forceWarm: _, classLabels: __, ...shared } = settings;
  const { prompt = flags.prompt.default, negativePrompt = flags.negative_prompt.default } =
    settings;
  return { ...shared, task: "sd", prompt, negativePrompt };
}
