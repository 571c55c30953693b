/**
 * How a camera was held, from the Exif data of a JPEG; TIFF revision 6.0, section 2, has the layout.
 * @module
 */

const SIGNATURE = "Exif\0\0";
const ORIENTATION = 0x0112;
const ENTRY_SIZE = 12;

/**
 * Orientation that an APP1 segment asks for.
 *
 * @param data the segment without its length
 * @returns 1 (as stored) to 8; `undefined` where the segment does not say or is damaged, which is no reason to refuse the image
 */
export function exifOrientation(data: Uint8Array): number | undefined {
  if (String.fromCharCode(...data.subarray(0, SIGNATURE.length)) !== SIGNATURE) return undefined;
  const tiff = data.subarray(SIGNATURE.length);
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
      const value = view.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : undefined;
    }
  } catch (error) {
    // A read outside the segment: offsets are the file's own claims.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}
