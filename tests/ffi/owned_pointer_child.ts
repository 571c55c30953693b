/**
 * Drops owners without closing them and prints what the collector releases: owned_pointer_test.ts
 * reads it.
 * @module
 */
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { addressOf } from "../../ffi/pointer.ts";

const memory = new Uint8Array(8);
let released = 0;

function make(kind: string, parent?: OwnedPointer): OwnedPointer {
  const release = () => {
    released++;
    console.log(kind);
  };
  return new OwnedPointer(addressOf(memory)!, { kind, release, parent });
}

function leak(): void {
  for (let i = 0; i < 100; i++) make(`child ${i}`, make(`parent ${i}`));
}

leak();
for (let i = 0; i < 100 && released < 200; i++) {
  (globalThis as unknown as { gc: () => void }).gc();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
