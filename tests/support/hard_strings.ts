/** Strings on which tokenizers disagree, for the stored cases and the differential test. @module */

const HAND_MADE: readonly string[] = [
  "",
  " ",
  "\n\t \u00a0\u3000\u0085\u2028\ufeff",
  "a cute dog",
  "A photo of an astronaut riding a horse on mars, 4k, trending on artstation",
  "it's I'm we've they'll he'd don't you're IT'S DON'T 's 't 're ''s '' ' s",
  "rock'n'roll o'clock ’twas it’s",
  "ΑΣ ΣΑΣ ΟΔΥΣΣΕΥΣ Σ σς",
  "İstanbul ISPARTA ıI Iİ DŽ Dž ǅ",
  "STRASSE straße ẞ ﬁ ﬀ ﬃ ŉ ΐ",
  "é e\u0301 E\u0301 Å \u212b A\u030a ﷺ ½ ² x²",
  "한국어 \u1112\u1161\u11ab 日本語 中文字符 ไทย हिन्दी العربية עברית",
  "क\u093c \u0958 \u09af\u09bc 가\u11a8",
  "👍 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 ☺️ ☺ ❤️‍🔥 1️⃣",
  "\u{1d400}\u{1d49c} \u{10400}\u{10428} \u{1f130}",
  "<|endoftext|>",
  "<|startoftext|> a <|endoftext|> b",
  "<|ENDOFTEXT|>",
  "<|ENDOFTEXT|> x <|StartOfText|>",
  "<|endoftext|>!! !<|endoftext|> a<|endoftext|>b <|endoftext|>\u0338",
  "<|ENDOFTEXT|>!! !<|ENDOFTEXT|>",
  "<|endoftext <|endoftext| >",
  "<|pad|> [CLS] <s> </s> </w> a</w> w>",
  "12345 1.5e-3 ١٢٣ ⅷ ① 五 ½cup",
  "a,b;c:d!e?f...g---h(((i)))",
  "!!! ?!?! ... --- ___ *** ~~~ ///",
  "x\u200dy x\u200cy x\u200by x\u00ady \u202eabc",
  "a\u0000b \u0001\u001f\u007f\u009f",
  "\uffff \u{10ffff} \ue000 \ufffd",
  "\ufeffbom a\ufeffb !\ufeff! \ufeff'\ufeff",
  "a\u180eb a\u205fb a\u1680b a\u200ab",
  "tab\tnew\nline\r\nend\u000b\u000c",
  "__proto__ constructor toString hasOwnProperty",
  "http://a.b/c?d=e&f=%20#g user@host.example",
  "(a:1.3) [b|c] {d} ((e)) <lora:x:0.8>",
  "A".repeat(500),
  "😀".repeat(200),
  "supercalifragilisticexpialidocious".repeat(20),
  "a ".repeat(400),
  Array.from({ length: 300 }, (_, i) => `word${i}`).join(" "),
  "é".repeat(3000),
];

/** Ranges of random characters: scripts, cases, marks, symbols, spaces, letters of contractions. */
const RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0xa0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x3ff],
  [0x400, 0x4ff],
  [0x590, 0x6ff],
  [0x900, 0x9ff],
  [0xe00, 0xe7f],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x206f],
  [0x2100, 0x218f],
  [0x2600, 0x27bf],
  [0x3040, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xacff],
  [0xfb00, 0xfb4f],
  [0x1f300, 0x1f6ff],
];
const PIECES: readonly string[] = ["'s", "'RE", " ", "  ", "Σ", "İ", "a cat", "12", "!?", "\u0301"];

/**
 * Returns the listed strings, then random ones.
 *
 * @param count number of strings
 * @param seed seed of the generator (mulberry32)
 */
export function hardStrings(count: number, seed: number): string[] {
  const next = mulberry32(seed);
  const below = (n: number) => Math.floor(next() * n);
  const strings = [...HAND_MADE];
  while (strings.length < count) {
    const home = RANGES[below(RANGES.length)];
    let text = "";
    for (let left = 1 + below(24); left > 0; left--) {
      const [from, to] = next() < 0.6 ? home : RANGES[below(RANGES.length)];
      text += next() < 0.15
        ? PIECES[below(PIECES.length)]
        : String.fromCodePoint(from + below(to - from + 1));
    }
    strings.push(text);
  }
  return strings.slice(0, count);
}

function mulberry32(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
