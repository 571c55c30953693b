import assert from "node:assert/strict";
import { callFault } from "../../src/devices/device_fault.ts";
import { checkBuffers } from "../../src/runtime/feed_check.ts";
import { PROVIDERS } from "../../src/runtime/providers/provider_table.ts";
import type { Tensor } from "../../src/runtime/tensor.ts";

const GIB = 2 ** 30;

/** What the check reads of a tensor, without its memory. */
function ofSize(byteLength: number): Record<string, Tensor> {
  return { sample: { byteLength } as Tensor };
}

Deno.test("a tensor above WebGPU's bound is refused as a lack of memory, so that rows are halved", () => {
  checkBuffers(PROVIDERS.webgpu, ofSize(GIB));
  checkBuffers(PROVIDERS.cpu, ofSize(64 * GIB));
  assert.throws(() => checkBuffers(PROVIDERS.webgpu, ofSize(2.5 * GIB)), (error: Error) => {
    assert.equal(
      error.message,
      'out of memory: "sample" takes 2.50 GiB, the WebGPU provider takes at most 1 GiB in one buffer',
    );
    return callFault(error.message).kind === "memory";
  });
});

Deno.test("callFault() distinguishes out of memory from other failures", () => {
  const texts: [string, string][] = [
    ["Failed to allocate memory for requested buffer of size 67108864", "memory"],
    ["CUDA failure 2: out of memory", "memory"],
    ["CUDA failure 700: an illegal memory access was encountered", "call"],
    // A tensor of 2 GiB or more inside a network on WebGPU.
    ["Too many storage buffers in shader. Current: 17, Max is 16", "memory"],
    ["Non-zero status code returned while running Expand node", "call"],
  ];
  for (const [text, kind] of texts) assert.equal(callFault(text).kind, kind, text);
});
