/** Images in memory. @module */

/** 8-bit RGB pixels, row by row. */
export interface Image {
  /** Pixels in a row. */
  width: number;
  /** Rows. */
  height: number;
  /** `[height, width, 3]`. */
  data: Uint8Array;
}
