import assert from "node:assert/strict";
import { adapterOffer, bestAdapter } from "../../../src/runtime/providers/webgpu.ts";

const lavapipe = { name: "llvmpipe (LLVM 15.0.6, 256 bits)", software: true };
const card = { name: "AMD Radeon RX 7600 (RADV NAVI33)", software: false };

Deno.test("auto takes WebGPU on a real adapter, never on a software one", () => {
  assert.equal(adapterOffer(bestAdapter([lavapipe, card])), true);
  assert.equal(bestAdapter([lavapipe, card]), card);
  assert.equal(
    adapterOffer(bestAdapter([lavapipe])),
    "WebGPU has only a software adapter (llvmpipe (LLVM 15.0.6, 256 bits))",
  );
  assert.equal(adapterOffer(bestAdapter([])), undefined);
});
