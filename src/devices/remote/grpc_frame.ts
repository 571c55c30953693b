/**
 * The frame around a gRPC message: a byte for compression and four for the length
 * (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
 * @module
 */
import { Buffer } from "node:buffer";
import { ProtocolError } from "./grpc_status.ts";

const PREFIX_BYTES = 5;

/** Parts below this size are sent together: every write takes a turn of its own. */
const SMALL_BYTES = 2 ** 16;

/** An uncompressed message with its prefix, in few pieces; large parts are not copied. */
export function framed(parts: readonly Uint8Array[]): Buffer[] {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(parts.reduce((sum, { length }) => sum + length, 0), 1);
  const pieces: Buffer[] = [];
  let small: Uint8Array[] = [prefix];
  for (const part of parts) {
    if (part.length < SMALL_BYTES) {
      small.push(part);
      continue;
    }
    pieces.push(Buffer.concat(small), viewOf(part));
    small = [];
  }
  if (small.length > 0) pieces.push(Buffer.concat(small));
  return pieces;
}

/**
 * The only message of an answer.
 *
 * @throws {ProtocolError} if it is compressed, cut, or not alone
 */
export function onlyMessage(chunks: readonly Uint8Array[]): Uint8Array {
  const all = chunks.length === 1 ? viewOf(chunks[0]) : Buffer.concat(chunks);
  if (all.length === 0) return all;
  if (all[0] !== 0) throw new ProtocolError("the answer is compressed");
  const wanted = PREFIX_BYTES + (all.length < PREFIX_BYTES ? 0 : all.readUInt32BE(1));
  if (all.length === wanted) return all.subarray(PREFIX_BYTES);
  throw new ProtocolError(`the answer has ${all.length} bytes, its frame says ${wanted}`);
}

/** The bytes without a copy. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
