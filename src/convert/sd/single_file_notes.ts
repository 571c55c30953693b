/** Notes about the weights and values used for a single file. @module */
import type { SingleFile } from "../single_file/single_file.ts";
import { KIND_NAMES, type SingleFileKind } from "../single_file/single_file_kind.ts";
import type { UnetConfig } from "../unet/unet_config.ts";
import type { JsonObject } from "../../formats/json.ts";
import type { OpenTensors } from "../../formats/open_tensors.ts";
import { shown } from "../../text.ts";
import { chosenWeights } from "../chosen_weights.ts";
import { listed } from "../listed.ts";

/** Notes about which weights of the file are converted. */
export function weightsNotes(
  { averaged, unused }: SingleFile,
  tensors: OpenTensors["tensors"],
): string[] {
  const notes: string[] = [];
  const { text } = chosenWeights(tensors, "");
  if (text) notes.push(`weights: ${text}`);
  if (averaged === true) {
    notes.push("the UNet's averaged weights (model_ema) are used (see --plain_weights)");
  }
  if (averaged === false) notes.push("the UNet's averaged weights (model_ema) are not used");
  if (unused.length > 0) {
    notes.push(`not used: ${listed(unused, shown)}`);
  }
  return notes;
}

/** Note about the values that no tensor determines. */
export function publishedNote(
  kind: SingleFileKind,
  { heads, groups }: UnetConfig,
  scheduler: JsonObject,
): string {
  return `as in the published ${KIND_NAMES[kind]}: ${heads.join(", ")} heads, ` +
    `${groups} groups, prediction_type ${scheduler.prediction_type} (see --config_path)`;
}
