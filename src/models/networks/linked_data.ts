/** External data of a network that is handed to ONNX Runtime as bytes. @module */
import { dirname, relative } from "node:path";
import { placeNetwork } from "../../formats/onnx/external_files.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { withLocations } from "../../formats/onnx/onnx_edit.ts";
import { externalFiles } from "../../formats/onnx/onnx_external.ts";

/**
 * The bytes of a network and the folder of its external data. ONNX Runtime follows no link out of
 * that folder: where the network is a link and so are its data (Hugging Face's cache), the bytes
 * name the files that the links lead to.
 *
 * @param file the network's path, as `placeNetwork()` gave it
 * @param bytes the network
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
