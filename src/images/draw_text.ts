/** Draws printable ASCII as pixels, five pixels wide, for captions. @module */
import type { Image } from "./image.ts";

/** Distance between letters, and between lines, in pixels. */
export const LETTER_WIDTH = 6, LINE_HEIGHT = 9;

const FIRST = 0x20, LAST = 0x7e;
const WIDTH = 5, HEIGHT = 8;

/**
 * One glyph per character from the space on: eight rows from top to bottom, each a base-32 digit
 * whose bits are the pixels from left to right.
 */
const GLYPHS = [
  "00000000 44440040 aa000000 avaava00 4fke5u40 pp248jj0 8kk8lid0 44000000 24444420 84444480",
  "04lel400 044v4400 00000448 000e0000 00000040 11248gg0 ehjlphe0 4c4444e0 eh1248v0 eh161he0",
  "26aiv220 vgu11he0 68guhhe0 v1224440 ehhehhe0 ehhf12c0 00400400 00400448 12484210 00v0v000",
  "g84248g0 eh124040 ehnlnge0 ehhvhhh0 uhhuhhu0 ehggghe0 uhhhhhu0 vgguggv0 vgguggg0 ehgjhhe0",
  "hhhvhhh0 e44444e0 72222ic0 hikokih0 ggggggv0 hrllhhh0 hpljhhh0 ehhhhhe0 uhhuggg0 ehhhlid0",
  "uhhukih0 fgge11u0 v4444440 hhhhhhe0 hhhhha40 hhhllrh0 hha4ahh0 hha44440 v1248gv0 e88888e0",
  "gg842110 e22222e0 4ah00000 000000v0 84000000 00e1fhf0 gguhhhu0 00eggge0 11fhhhf0 00ehvge0",
  "68u88880 00fhhf1e gguhhhh0 40c444e0 206222ic ggikoki0 c44444e0 00qllll0 00uhhhh0 00ehhhe0",
  "00uhhugg 00fhhf11 00mpggg0 00fge1u0 88u88860 00hhhhf0 00hhha40 00hllla0 00ha4ah0 00hhhf1e",
  "00v248v0 34484430 44444440 o44244o0 009li000",
].join(" ").split(" ");

/**
 * Text in drawable letters: accents are removed, other characters become `?`, white space becomes a
 * space.
 */
export function drawable(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim()
    .replace(/[^ -~]/gu, "?");
}

/**
 * Wraps drawable text at words to lines of at most `columns` letters; truncated text ends in `...`.
 */
export function wrapText(
  text: string,
  { columns, lines }: { columns: number; lines: number },
): string[] {
  const wrapped: string[] = [];
  let rest = text;
  while (rest !== "" && wrapped.length < lines) {
    const space = rest.length > columns ? rest.lastIndexOf(" ", columns) : rest.length;
    const end = space > 0 ? space : columns; // break a word that is longer than a line
    wrapped.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  if (rest === "") return wrapped;
  const last = `${wrapped.at(-1)} ${rest}`.slice(0, Math.max(columns - 3, 0)).trimEnd();
  return [...wrapped.slice(0, -1), `${last}...`.slice(0, columns)];
}

/**
 * Draws a line of drawable text in black with its top left corner at (x, y), clipped to the image.
 */
export function drawText(image: Image, text: string, { x, y }: { x: number; y: number }): void {
  [...text].forEach((letter, i) => {
    const code = letter.charCodeAt(0);
    if (code < FIRST || code > LAST) throw new RangeError(`no glyph for ${JSON.stringify(letter)}`);
    const glyph = GLYPHS[code - FIRST];
    for (let row = 0; row < HEIGHT; row++) {
      const bits = parseInt(glyph[row], 32);
      for (let column = 0; column < WIDTH; column++) {
        if (bits & (1 << (WIDTH - 1 - column))) {
          setBlack(image, x + i * LETTER_WIDTH + column, y + row);
        }
      }
    }
  });
}

function setBlack({ width, height, data }: Image, x: number, y: number): void {
  if (x < width && y < height) data.fill(0, (y * width + x) * 3, (y * width + x) * 3 + 3);
}
