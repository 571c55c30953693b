/** Declarations of a network's inputs and outputs. @module */
import { BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";

/** A ValueInfoProto of a tensor. */
export function valueInfo(
  name: string,
  elemType: number,
  dims: readonly (number | string | undefined)[],
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(name);
  writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(elemType).tag(2, WireType.LengthDelimited).fork();
  for (const dim of dims) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (typeof dim === "number") writer.tag(1, WireType.Varint).int64(dim);
    else writer.tag(2, WireType.LengthDelimited).string(dim ?? "");
    writer.join();
  }
  return writer.join().join().join().finish();
}
