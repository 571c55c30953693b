import assert from "node:assert/strict";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { pointerFromAddress } from "../../ffi/pointer.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { type BindingHost, IoBinding } from "../../src/runtime/io_binding.ts";
import { PROVIDERS } from "../../src/runtime/providers/provider_table.ts";
import { Tensor } from "../../src/runtime/tensor.ts";

/**
 * A host that only notes what is called: no provider that copies inputs can be had on every
 * machine.
 */
function countingHost(copiesInputs: boolean): { host: BindingHost; calls: string[] } {
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(name);
  const api = {
    CreateIoBinding: (_session: unknown, cell: BigUint64Array) => void (cell[0] = 8n),
    ReleaseIoBinding: () => {},
    BindInput: note("BindInput"),
    BindOutput: note("BindOutput"),
    RunWithBinding: note("RunWithBinding"),
    nonblocking: { RunWithBinding: () => Promise.resolve(note("RunWithBinding")()) },
  } as unknown as BindingHost["api"];
  const shape = [2];
  const host: BindingHost = {
    api,
    handle: new OwnedPointer(pointerFromAddress(16n), { kind: "InferenceSession", release() {} }),
    inputs: [{ name: "a", type: "float32", shape }, { name: "b", type: "float32", shape }],
    outputs: [{ name: "y", type: "float32", shape }],
    row: { ...PROVIDERS.cpu, copiesInputs },
    queue: undefined,
    track: (run) => run,
  };
  return { host, calls };
}

async function callsOf(copiesInputs: boolean): Promise<string[]> {
  using environment = Environment.open();
  const { host, calls } = countingHost(copiesInputs);
  using a = new Tensor(environment, "float32", [2]);
  using b = new Tensor(environment, "float32", [2]);
  using y = new Tensor(environment, "float32", [2]);
  using binding = new IoBinding(host, { a, b }, { y });
  binding.runSync();
  await binding.run();
  host.handle.close();
  return calls;
}

Deno.test("IoBinding binds inputs before every run if the provider copies them", async () => {
  const bound = ["BindInput", "BindInput", "BindOutput"];
  const run = ["BindInput", "BindInput", "RunWithBinding"];
  assert.deepEqual(await callsOf(true), ["BindOutput", ...run, ...run]);
  assert.deepEqual(await callsOf(false), [...bound, "RunWithBinding", "RunWithBinding"]);
});
