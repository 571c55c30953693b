/** Resolves linked external data of networks that are passed to ONNX Runtime as bytes. @module */
import { dirname, relative } from "node:path";
import { placeNetwork } from "../../formats/onnx/external_files.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { withLocations } from "../../formats/onnx/onnx_edit.ts";
import { externalFiles } from "../../formats/onnx/onnx_external.ts";

/**
 * Returns the bytes of a network and the folder of its external data. ONNX Runtime follows no link
 * out of that folder. If both the network and its data are links (Hugging Face's cache), the bytes
 * name the targets of the links.
 *
 * @param file path of the network, from `placeNetwork()`
 * @param bytes content of the network
 */
export async function withDataFolder(
  file: string,
  bytes: Uint8Array,
): Promise<{ bytes: Uint8Array; folder: string }> {
  if (!(await Deno.lstat(file)).isSymlink) return { bytes, folder: dirname(file) };
  const model = readOnnx(bytes, { file });
  const { data } = await placeNetwork(file, externalFiles(model));
  const folder = dirname(await Deno.realPath(file));
  const locations = [...data].map(([name, path]) => [name, relative(folder, path)] as const);
  return { bytes: withLocations(bytes, model, new Map(locations)), folder };
}
