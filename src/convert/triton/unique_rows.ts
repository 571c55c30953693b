/**
 * Gives a network its conditions once each, with an index for every row: the text embeddings of a
 * call are two, and sending one with every row takes longer than evaluating it.
 * @module
 */
import { BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import { editGraph } from "../../formats/onnx/onnx_edit.ts";
import type { OnnxModel, OnnxValue } from "../../formats/onnx/onnx_types.ts";

/** End of the name of the input with the unique rows. */
export const UNIQUE = "_unique";
/** End of the name of the input with the index of each row. */
export const INDEX = "_index";

const LEN = WireType.LengthDelimited;
/** ONNX's number of int64. */
const INT64 = 7;

/**
 * Replaces an input by its unique rows and an index, and joins them by a Gather.
 *
 * @param bytes the `.onnx` file
 * @param model result of `readOnnx` for it
 * @param input one of its inputs
 */
export function withUniqueRows(bytes: Uint8Array, model: OnnxModel, input: OnnxValue): Uint8Array {
  const { name, elemType, dims = [] } = input;
  const [unique, index] = [`${name}${UNIQUE}`, `${name}${INDEX}`];
  const [first] = model.graph.nodes;
  const rest = dims.slice(1).map((dim, i) => dim ?? `${name}_${i + 1}`);
  return editGraph(
    bytes,
    model,
    new Map([
      [input.field, [
        valueInfo(unique, elemType ?? 0, [`${name}_rows`, ...rest]),
        valueInfo(index, INT64, [batchName(input)]),
      ]],
      [first.field, [
        gather([unique, index], name),
        bytes.subarray(first.field.start, first.field.end),
      ]],
    ]),
  );
}

function batchName({ dims }: OnnxValue): string {
  return typeof dims?.[0] === "string" ? dims[0] : "batch";
}

function gather(inputs: readonly string[], output: string): Uint8Array {
  const node = new BinaryWriter();
  for (const input of inputs) node.tag(1, LEN).string(input);
  return node.tag(2, LEN).string(output).tag(3, LEN).string(`${output}/Gather`)
    .tag(4, LEN).string("Gather").finish();
}

/** ValueInfoProto. */
function valueInfo(name: string, type: number, dims: readonly (string | number)[]): Uint8Array {
  const writer = new BinaryWriter().tag(1, LEN).string(name);
  writer.tag(2, LEN).fork().tag(1, LEN).fork().tag(1, WireType.Varint).int32(type);
  writer.tag(2, LEN).fork();
  for (const dim of dims) {
    writer.tag(1, LEN).fork();
    if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
    else writer.tag(2, LEN).string(dim);
    writer.join();
  }
  return writer.join().join().join().finish();
}
