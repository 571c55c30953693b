/**
 * Messages of the Open Inference Protocol v2 (github.com/kserve/open-inference-protocol) over gRPC,
 * as implemented by Triton, KServe and Ray Serve. Only the fields needed to evaluate rows.
 * @module
 */
import { BinaryReader, BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import { ProtocolError } from "./grpc_status.ts";

/** A tensor as the protocol declares it. */
export interface OipTensor {
  readonly name: string;
  /** `FP32`, `INT64`, … */
  readonly datatype: string;
  /** Dimensions; −1 for an open one. */
  readonly shape: readonly number[];
}

/** A tensor with its bytes. */
export interface OipData extends OipTensor {
  readonly bytes: Uint8Array;
}

/** ServerMetadataResponse. */
export interface OipServer {
  readonly name: string;
  readonly version: string;
}

/** ModelMetadataResponse. */
export interface OipModel {
  readonly versions: readonly string[];
  readonly inputs: readonly OipTensor[];
  readonly outputs: readonly OipTensor[];
}

/** ModelInferResponse. */
export interface OipAnswer {
  /** Version of the model; empty if the server does not name it. */
  readonly version: string;
  readonly outputs: readonly OipData[];
}

const LEN = WireType.LengthDelimited;

/** ModelReadyRequest and ModelMetadataRequest: a model's name, and its version unless empty. */
export function modelRequest(name: string, version = ""): Uint8Array[] {
  const writer = new BinaryWriter().tag(1, LEN).string(name);
  if (version) writer.tag(2, LEN).string(version);
  return [writer.finish()];
}

/** ModelInferRequest in parts; the tensors' bytes are not copied. */
export function inferRequest(
  { model, version }: { model: string; version: string },
  inputs: readonly OipData[],
  outputs: readonly string[],
): Uint8Array[] {
  const head = new BinaryWriter().tag(1, LEN).string(model);
  if (version) head.tag(2, LEN).string(version);
  for (const { name, datatype, shape } of inputs) {
    head.tag(5, LEN).fork().tag(1, LEN).string(name).tag(2, LEN).string(datatype);
    head.tag(3, LEN).fork();
    for (const dim of shape) head.int64(dim);
    head.join().join();
  }
  for (const name of outputs) head.tag(6, LEN).fork().tag(1, LEN).string(name).join();
  const raw = inputs.flatMap(({ bytes }) => [
    new BinaryWriter().tag(7, LEN).uint32(bytes.length).finish(),
    bytes,
  ]);
  return [head.finish(), ...raw];
}

/** ModelReadyResponse. @throws {ProtocolError} */
export function readReady(bytes: Uint8Array): boolean {
  let ready = false;
  readFields(bytes, { 1: (reader) => ready = reader.bool() });
  return ready;
}

/** ServerMetadataResponse. @throws {ProtocolError} */
export function readServer(bytes: Uint8Array): OipServer {
  let name = "", version = "";
  readFields(bytes, {
    1: (reader) => name = reader.string(),
    2: (reader) => version = reader.string(),
  });
  return { name, version };
}

/** ModelMetadataResponse. @throws {ProtocolError} */
export function readModel(bytes: Uint8Array): OipModel {
  const model = { versions: [] as string[], inputs: [] as OipTensor[], outputs: [] as OipTensor[] };
  readFields(bytes, {
    2: (reader) => model.versions.push(reader.string()),
    4: (reader) => model.inputs.push(readTensor(reader.bytes())),
    5: (reader) => model.outputs.push(readTensor(reader.bytes())),
  });
  return model;
}

/** ModelInferResponse; the tensors' bytes are views of the message. @throws {ProtocolError} */
export function readAnswer(bytes: Uint8Array): OipAnswer {
  const tensors: OipTensor[] = [], raw: Uint8Array[] = [];
  let version = "";
  readFields(bytes, {
    2: (reader) => version = reader.string(),
    5: (reader) => tensors.push(readTensor(reader.bytes())),
    6: (reader) => raw.push(reader.bytes()),
  });
  const outputs = tensors.map((tensor, i) => ({ ...tensor, bytes: raw[i] ?? new Uint8Array() }));
  return { version, outputs };
}

function readTensor(bytes: Uint8Array): OipTensor {
  const tensor = { name: "", datatype: "", shape: [] as number[] };
  readFields(bytes, {
    1: (reader) => tensor.name = reader.string(),
    2: (reader) => tensor.datatype = reader.string(),
    3: (reader, type) => {
      const end = type === LEN ? reader.uint32() + reader.pos : reader.pos + 1;
      while (reader.pos < end) tensor.shape.push(Number(reader.int64()));
    },
  });
  return tensor;
}

type FieldReader = (reader: BinaryReader, type: WireType) => unknown;

/** Reads the fields that have a reader and skips the others. */
function readFields(bytes: Uint8Array, fields: Readonly<Record<number, FieldReader>>): void {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (Object.hasOwn(fields, field)) fields[field](reader, type);
      else reader.skip(type);
    }
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new ProtocolError("the answer is not a message of the protocol", { cause });
  }
}
