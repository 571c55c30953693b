/**
 * Reads protobuf messages in place. Fields are returned as ranges of the given bytes, so gigabytes
 * of weights are skipped without a copy, and an edit keeps every byte that it does not change.
 * @module
 */

import { BinaryReader, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import { FormatError } from "../../errors.ts";

/** A range of bytes, `end` exclusive. */
export interface ByteRange {
  /** First byte. */
  start: number;
  /** Byte after the last one. */
  end: number;
}

/** One field of a message. Its range is the payload, without tag and length. */
export interface ProtobufField extends ByteRange {
  /** Number of the field in its message's definition. */
  number: number;
  /** Encoding of the payload: 0 varint, 1 64 bits, 2 length-delimited, 5 32 bits. */
  wireType: number;
  /** Offset of the field's tag. */
  tag: number;
}

/**
 * Most accepted fields, which limits the memory for a hostile file to 170 MB. Exports have 10 to 20
 * fields per node.
 */
const MAX_FIELDS = 500_000;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the messages of one file. It keeps no position. */
export class ProtobufReader {
  /** All bytes of the file. */
  readonly bytes: Uint8Array;
  readonly #file: string;
  #fieldsLeft = MAX_FIELDS;

  /**
   * @param bytes the file
   * @param file name of the file in messages
   */
  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.#file = file;
  }

  /**
   * Returns the fields of a message, in file order.
   *
   * @throws {FormatError} if the bytes are not a message, with the offset of the fault
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
        throw new RangeError("a group, which ONNX does not use");
      } else {
        reader.skip(wireType, number);
      }
      return { number, wireType, tag, start, end: reader.pos };
    } catch (cause) {
      this.fail(tag, (cause as Error).message, cause);
    }
  }

  /** Returns the range of a field that is a nested message, bytes or a string. */
  range(field: ProtobufField): ByteRange {
    if (field.wireType !== WireType.LengthDelimited) this.#wrongType(field);
    return field;
  }

  /** Returns a string field, which must be UTF-8. */
  text(field: ProtobufField): string {
    const { start, end } = this.range(field);
    try {
      return UTF8.decode(this.bytes.subarray(start, end));
    } catch (cause) {
      this.fail(field.tag, "a string that is not UTF-8", cause);
    }
  }

  /** Returns an int64, int32 or enum field, which must be a safe integer. */
  integer(field: ProtobufField): number {
    if (field.wireType !== WireType.Varint) this.#wrongType(field);
    return this.#varint(this.#readerAt(field));
  }

  /**
   * Returns the integers that one field adds to a list: one, or several in packed form. They are
   * generated one by one, without an array.
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
    throw new FormatError(`${this.#file}: offset ${offset}: ${what}`, {
      cause,
      hint: "the file is damaged or not an ONNX model",
    });
  }
}
