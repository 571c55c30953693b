import assert from "node:assert/strict";
import type { Image } from "../../src/images/image.ts";
import { psnr, ssim } from "../../src/images/image_metrics.ts";

/** By scikit-image; tests/fixtures/make_image_metrics.py makes it. */
const CASES: {
  width: number;
  height: number;
  steps: [number, number];
  psnr: number;
  ssim: number;
}[] = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/image_metrics.json", import.meta.url)),
);

function image(width: number, height: number, step: number): Image {
  const value = (i: number) => Math.floor((i * i * step + 7 * i) % 251 / (1 + i % 3));
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => value(i)),
  };
}

/** One grey everywhere. */
function flat(size: number, grey: number): Image {
  return { width: size, height: size, data: new Uint8Array(size * size * 3).fill(grey) };
}

function near(found: number, wanted: number): void {
  assert.ok(Math.abs(found - wanted) < 1e-9, `${found}, wanted ${wanted}`);
}

/** Both images of a case; where they come from one recipe, the second is off by −4 … 4. */
function pair({ width, height, steps: [first, second] }: typeof CASES[number]): [Image, Image] {
  const a = image(width, height, first), b = image(width, height, second);
  if (first !== second) return [a, b];
  const shifted = Uint8ClampedArray.from(b.data, (value, i) => value + i % 9 - 4);
  return [a, { ...b, data: Uint8Array.from(shifted) }];
}

Deno.test("psnr() and ssim() equal scikit-image's values", () => {
  for (const wanted of CASES) {
    const [a, b] = pair(wanted);
    near(psnr(a, b), wanted.psnr);
    near(ssim(a, b), wanted.ssim);
  }
});

Deno.test("psnr() and ssim() of equal images are infinity and 1", () => {
  for (const size of [1, 4, 11, 30]) {
    const one = image(size, size, 5);
    assert.equal(psnr(one, one), Infinity);
    near(ssim(one, one), 1);
  }
});

Deno.test("psnr() and ssim() of flat images equal their formulas, also below the window's size", () => {
  const c1 = (0.01 * 255) ** 2;
  for (const size of [1, 2, 4, 16]) {
    near(psnr(flat(size, 100), flat(size, 110)), 10 * Math.log10(255 ** 2 / 100));
    near(
      ssim(flat(size, 100), flat(size, 110)),
      (2 * 100 * 110 + c1) / (100 ** 2 + 110 ** 2 + c1),
    );
  }
});

Deno.test("psnr() of a difference of 1 level is 20 log10(255), in both directions", () => {
  const levels = [1, 2, 200, 255, 3, 9];
  const a: Image = { width: 2, height: 1, data: Uint8Array.from(levels) };
  const b: Image = { ...a, data: a.data.map((level) => level - 1) };
  assert.ok(Math.abs(psnr(a, b) - 20 * Math.log10(255)) < 1e-12);
  assert.equal(psnr(b, a), psnr(a, b)); // the difference is not taken in 8 bits
});

Deno.test("psnr() and ssim() refuse images of two sizes", () => {
  assert.throws(() => psnr(flat(4, 0), flat(5, 0)), /a is 4x4, b is 5x5/);
  assert.throws(() => ssim(flat(4, 0), flat(5, 0)), RangeError);
});
