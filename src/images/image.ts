/** Images in memory. @module */

/** 8-bit RGB pixels, row by row. */
export interface Image {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** `[height, width, 3]`. */
  data: Uint8Array;
}
