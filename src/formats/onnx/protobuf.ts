/**
 * Reads protobuf messages in place: fields come as ranges of the given bytes, so that gigabytes of
 * weights are stepped over and never copied, and an edit can keep every byte it does not
 * understand.
 * @module
 */

import { BinaryReader, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import { FormatError } from "../../errors.ts";

/** A range of bytes, `end` exclusive. */
export interface ByteRange {
  /** First byte. */
  start: number;
  /** One past the last byte. */
  end: number;
}

/** One field of a message; its range is the payload, behind tag and length. */
export interface ProtobufField extends ByteRange {
  /** Number of the field in its message's definition. */
  number: number;
  /** How the payload is encoded: 0 varint, 1 of 64 bits, 2 of a stated length, 5 of 32 bits. */
  wireType: number;
  /** Offset of the field's tag. */
  tag: number;
}

/**
 * A bound on the memory that a hostile file can take, at most 170 MB. Exports have 10 to 20 fields
 * per node.
 */
const MAX_FIELDS = 500_000;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Cursor-free reader of one file. */
export class ProtobufReader {
  /** All bytes of the file. */
  readonly bytes: Uint8Array;
  readonly #file: string;
  #fieldsLeft = MAX_FIELDS;

  /**
   * @param bytes the file
   * @param file what errors call it
   */
  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.#file = file;
  }

  /**
   * Fields of a message, in file order.
   *
   * @throws {FormatError} the bytes are not a message, with the offset where they stop to be one
   */
  *fields(message: ByteRange): Generator<ProtobufField> {
    const reader = this.#readerAt(message);
    while (reader.pos < message.end) {
      if (this.#fieldsLeft-- === 0) this.fail(reader.pos, `more than ${MAX_FIELDS} fields`);
      yield this.#next(reader);
    }
  }

  #next(reader: BinaryReader): ProtobufField {
    const tag = reader.pos;
    try {
      const [number, wireType] = reader.tag();
      let start = reader.pos;
      if (wireType === WireType.LengthDelimited) {
        const length = BigInt(reader.uint64());
        start = reader.pos;
        if (length > BigInt(reader.len - start)) throw new RangeError(`length ${length} too large`);
        reader.pos = start + Number(length);
      } else if (wireType === WireType.StartGroup || wireType === WireType.EndGroup) {
        throw new RangeError("a group, which ONNX has not");
      } else {
        reader.skip(wireType, number);
      }
      return { number, wireType, tag, start, end: reader.pos };
    } catch (cause) {
      this.fail(tag, (cause as Error).message, cause);
    }
  }

  /** The field as a nested message, bytes or string: its range, once it is known to be one. */
  range(field: ProtobufField): ByteRange {
    if (field.wireType !== WireType.LengthDelimited) this.#wrongType(field);
    return field;
  }

  /** A string, which must be UTF-8. */
  text(field: ProtobufField): string {
    const { start, end } = this.range(field);
    try {
      return UTF8.decode(this.bytes.subarray(start, end));
    } catch (cause) {
      this.fail(field.tag, "a string that is not UTF-8", cause);
    }
  }

  /** An int64, int32 or enum that a number holds exactly. */
  integer(field: ProtobufField): number {
    if (field.wireType !== WireType.Varint) this.#wrongType(field);
    return this.#varint(this.#readerAt(field));
  }

  /**
   * What one field adds to a list of integers: one, or several in packed form, which are not held
   * in memory.
   */
  *integers(field: ProtobufField): Generator<number> {
    if (field.wireType === WireType.Varint) return yield this.integer(field);
    const reader = this.#readerAt(this.range(field));
    while (reader.pos < field.end) yield this.#varint(reader);
  }

  #readerAt({ start, end }: ByteRange): BinaryReader {
    const reader = new BinaryReader(this.bytes.subarray(0, end));
    reader.pos = start;
    return reader;
  }

  #varint(reader: BinaryReader): number {
    const at = reader.pos;
    try {
      return Number(reader.int64());
    } catch (cause) {
      this.fail(at, (cause as Error).message, cause);
    }
  }

  #wrongType(field: ProtobufField): never {
    this.fail(field.tag, `field ${field.number} has wire type ${field.wireType}`);
  }

  /** Refuses the file. */
  fail(offset: number, what: string, cause?: unknown): never {
    throw new FormatError(`read ${this.#file}: offset ${offset}: ${what}`, {
      cause,
      hint: "the file is damaged or not an ONNX model",
    });
  }
}
