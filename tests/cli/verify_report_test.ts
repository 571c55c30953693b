import assert from "node:assert/strict";
import { requireVerified, summaryLines } from "../../src/cli/verify_report.ts";
import { summarize } from "../../src/jobs/verification.ts";
import type { VerifiedSample } from "../../src/jobs/verified_sample.ts";

const SAMPLE: VerifiedSample = {
  index: 0,
  condition: { class_name: "cat face" },
  converged: true,
  latent: { max: 0.002, rms: 0.001, relative: 0.001 },
  image: { psnr: 60, ssim: 1 },
  run: { rounds: 5, nfe: 40, seconds: 1 },
  sequential: { rounds: 10, nfe: 10, seconds: 2 },
};
const VERDICT = "verified: relative latent difference 1.0e-3, tolerance 6.0e-3";

Deno.test("summaryLines() returns only the verdict for a single sample", () => {
  assert.deepEqual(summaryLines(summarize([SAMPLE], 0.006)), [VERDICT]);
});

Deno.test("summaryLines() summarises several samples", () => {
  const lines = summaryLines(summarize([SAMPLE, { ...SAMPLE, index: 1 }], 0.006));
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^2 samples, worst: latent max 2\.0e-3/);
  assert.match(lines[1], /^2 samples, mean: 5 rounds \(sequential 10\)/);
  assert.equal(lines[2], VERDICT);
});

Deno.test("requireVerified() names the tolerance, and dynamic quantisation if the network uses it", () => {
  requireVerified([SAMPLE], 0.001);
  const hint = (wanted: RegExp) => (error: { hint: string }) => wanted.test(error.hint);
  assert.throws(() => requireVerified([SAMPLE], 1e-4), hint(/smaller --tol1/));
  assert.throws(
    () => requireVerified([SAMPLE], 1e-4, ["DynamicQuantizeLinear"]),
    hint(/^DynamicQuantizeLinear quantises all rows of a call with one scale.*sample again/),
  );
});
