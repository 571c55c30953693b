/**
 * JPEG files for tests, base64: 9x5 pixels (28x, 60y, 8xy), written by Pillow 13.0 with quality 60
 * and optimize=True, `PROGRESSIVE` with progressive=True, `GREY` from mode L; and the RGB pixels
 * that Pillow decodes from the first.
 * @module
 */

export const BASELINE: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+" +
    "MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09P" +
    "T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAAFAAkDASIAAhEBAxEB/8QAFgABAQEAAAAA" +
    "AAAAAAAAAAAAAAMF/8QAHRAAAQIHAAAAAAAAAAAAAAAAAAEFAgYREhZTof/EABUBAQEAAAAAAAAAAAAAAAAA" +
    "AAMG/8QAHREAAgEEAwAAAAAAAAAAAAAAAQMEABEhUQIFMv/aAAwDAQACEQMRAD8Ao0yq3xW1Thq423agCamS" +
    "mqWs8Dk3vgHW6Lqpjyn2a//Z",
);

export const PROGRESSIVE: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+" +
    "MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09P" +
    "T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wgARCAAFAAkDASIAAhEBAxEB/8QAFgABAQEAAAAA" +
    "AAAAAAAAAAAAAAIE/8QAFQEBAQAAAAAAAAAAAAAAAAAAAgX/2gAMAwEAAhADEAAAAa1Ewf/EABcQAQEBAQAA" +
    "AAAAAAAAAAAAAAMABBT/2gAIAQEAAQUCLKdzHf/EABkRAAEFAAAAAAAAAAAAAAAAAAACAwQSMf/aAAgBAwEB" +
    "PwGK8umn/8QAFxEBAQEBAAAAAAAAAAAAAAAAAgMAEf/aAAgBAgEBPwG1USeb/8QAFRABAQAAAAAAAAAAAAAA" +
    "AAAAADH/2gAIAQEABj8CR//EABYQAAMAAAAAAAAAAAAAAAAAAAEQEf/aAAgBAQABPyE6If/aAAwDAQACAAMA" +
    "AAAQf//EABYRAAMAAAAAAAAAAAAAAAAAAAABMf/aAAgBAwEBPxB2p//EABgRAQADAQAAAAAAAAAAAAAAAAER" +
    "IVEA/9oACAECAQE/EEx2zNDm9//EABcQAAMBAAAAAAAAAAAAAAAAAAEQIaH/2gAIAQEAAT8QoBif/9k=",
);

export const GREY: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+" +
    "MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAALCAAFAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAwX/" +
    "xAAdEAABAgcAAAAAAAAAAAAAAAAFAAECBhESFlOh/9oACAEBAAA/AEEyqPitq3FVxsdqX//Z",
);

export const BASELINE_PIXELS: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "BAEAEQcAKg4AQhIAXA4AeAoAmAcYsQkWxRIAEC0AHzYANz0BUT4DazwGiDkbqDNFwTdH1j8iDnAAHncJNn0V" +
    "UX4jbXoyinZTrHGDxnSL4IFrD64MILMaOrkuVrtFdLZckrKAs6+sz7Ov4rx9EN0cIeQuO+lJWOpjduZ6luSY" +
    "t+S50+yo0uVN",
);

/**
 * An APP1 segment of Exif data with this orientation, in either byte order, as a field of type 1
 * (BYTE), 3 (SHORT) or 4 (LONG).
 */
export function exifSegment(
  orientation: number,
  little = true,
  type = 3,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(36);
  const view = new DataView(bytes.buffer);
  bytes.set([0xff, 0xe1, 0, 34, ...new TextEncoder().encode("Exif\0\0")]);
  view.setUint16(10, little ? 0x4949 : 0x4d4d);
  view.setUint16(12, 42, little);
  view.setUint32(14, 8, little);
  view.setUint16(18, 1, little);
  view.setUint16(20, 0x0112, little);
  view.setUint16(22, type, little);
  view.setUint32(24, 1, little);
  if (type === 1) view.setUint8(28, orientation);
  else if (type === 4) view.setUint32(28, orientation, little);
  else view.setUint16(28, orientation, little);
  return bytes;
}

/** A JPEG with a segment after its SOI. */
export function withSegment(jpeg: Uint8Array, segment: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2));
}

/** Adobe's APP14 segment: transform 0 none, 1 YCbCr, 2 YCCK. */
export function adobeSegment(transform: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode("Adobe");
  return Uint8Array.of(0xff, 0xee, 0, 14, ...name, 0, 100, 0, 0, 0, 0, transform);
}
