/**
 * Reads the orientation in the Exif data of a JPEG or PNG. Layout: TIFF revision 6.0, section 2.
 * @module
 */

const SIGNATURE = "Exif\0\0";
const ORIENTATION = 0x0112;
const ENTRY_SIZE = 12;
const [BYTE, SHORT, LONG] = [1, 3, 4];

/**
 * Orientation in an APP1 segment of a JPEG.
 *
 * @param data the segment without its length
 * @returns as {@linkcode tiffOrientation}; `undefined` also if the segment contains no Exif data
 */
export function exifOrientation(data: Uint8Array): number | undefined {
  return startsWithSignature(data) ? tiffOrientation(data.subarray(SIGNATURE.length)) : undefined;
}

/** Orientation in an eXIf chunk of a PNG. Some writers prepend the signature of a JPEG segment. */
export function pngOrientation(data: Uint8Array): number | undefined {
  return exifOrientation(data) ?? tiffOrientation(data);
}

function startsWithSignature(data: Uint8Array): boolean {
  return String.fromCharCode(...data.subarray(0, SIGNATURE.length)) === SIGNATURE;
}

/**
 * @returns 1 (as stored) to 8; `undefined` if the data are damaged or lack it, which is not an
 *   error
 */
function tiffOrientation(tiff: Uint8Array): number | undefined {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) return undefined;
    const little = order === 0x4949;
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let i = 0; i < entries; i++) {
      const at = directory + 2 + i * ENTRY_SIZE;
      if (view.getUint16(at, little) !== ORIENTATION) continue;
      const value = readNumber(view, at, little);
      return value !== undefined && value >= 1 && value <= 8 ? value : undefined;
    }
  } catch (error) {
    // Offsets come from the file and may point outside the segment.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Number of a directory entry, by its type. */
function readNumber(view: DataView, entry: number, little: boolean): number | undefined {
  const type = view.getUint16(entry + 2, little);
  if (type === BYTE) return view.getUint8(entry + 8);
  if (type === SHORT) return view.getUint16(entry + 8, little);
  return type === LONG ? view.getUint32(entry + 8, little) : undefined;
}
