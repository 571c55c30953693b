/** Reads and validates the external data entries of ONNX tensors. @module */

import { elementsOf } from "../../elements_of.ts";
import type { OnnxExternalData, OnnxModel, OnnxTensor } from "./onnx_types.ts";
import { shown } from "../../text.ts";
import type { ByteRange, ProtobufField, ProtobufReader } from "./protobuf.ts";

/** Bits per element by ONNX element type. Strings and complex numbers are never external. */
const BITS: Record<number, number> = {
  ...{
    1: 32,
    2: 8,
    3: 8,
    4: 16,
    5: 16,
    6: 32,
    7: 64,
    9: 8,
    10: 16,
    11: 64,
    12: 32,
    13: 64,
    16: 16,
  },
  ...{ 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4 },
};

/**
 * Checks the external_data entries of one tensor.
 *
 * @param reader reader of the file
 * @param tensor the tensor's heading
 * @param entries its StringStringEntryProto fields
 * @param at offset of the tensor, for messages
 * @throws {FormatError} if a location leaves the model's folder, a key is given twice, or an offset
 * or length is not a number
 */
export function readExternalData(
  reader: ProtobufReader,
  tensor: OnnxTensor,
  entries: ProtobufField[],
  at: number,
): OnnxExternalData {
  const values = new Map<string, string>();
  for (const entry of entries) {
    const [key, value] = readPair(reader, reader.range(entry));
    if (values.has(key)) reader.fail(entry.tag, `external data names ${shown(key)} twice`);
    values.set(key, value);
  }
  const what = `tensor ${shown(tensor.name)}`;
  const location = values.get("location");
  if (location === undefined) reader.fail(at, `${what} is external without a location`);
  const fault = locationFault(location);
  if (fault) reader.fail(at, `${what}: external data at ${shown(location)}: ${fault}`);
  const count = (key: string): number | undefined => {
    const text = values.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
    reader.fail(at, `${what}: external ${key} ${shown(text)} is not a number of bytes`);
  };
  const offset = count("offset") ?? 0;
  return { tensor: tensor.name, location, offset, length: count("length") ?? byteLength(tensor) };
}

/**
 * Returns the external files of a model, each with the least size it must have, for {@link
 * placeNetwork}.
 */
export function externalFiles(model: OnnxModel): Map<string, number> {
  const files = new Map<string, number>();
  for (const { location, offset, length } of model.external) {
    files.set(location, Math.max(files.get(location) ?? 0, offset + (length ?? 0)));
  }
  return files;
}

// Returns why a location is refused. A part that is only a star begins ONNX Runtime's own tag
// "*/_ORT_MEM_ADDR_/*", with which an offset means an address in memory.
function locationFault(location: string): string | undefined {
  if (location === "") return "empty";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(location)) return "a control character";
  if (/^([/\\]|[a-zA-Z]:)/.test(location)) return "an absolute path";
  const parts = location.split(/[/\\]/);
  if (parts.includes("..")) return "leaves the model's folder";
  if (parts.includes("*")) return "not a file name";
  return undefined;
}

function readPair(reader: ProtobufReader, range: ByteRange): [string, string] {
  let key = "";
  let value = "";
  for (const field of reader.fields(range)) {
    if (field.number === 1) key = reader.text(field);
    else if (field.number === 2) value = reader.text(field);
  }
  return [key, value];
}

function byteLength({ elemType, dims }: OnnxTensor): number | undefined {
  const bits = BITS[elemType];
  const size = elementsOf(dims);
  return bits === undefined || !Number.isSafeInteger(size) ? undefined : Math.ceil(size * bits / 8);
}
