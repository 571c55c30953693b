/**
 * Binds the native function table to {@link OrtApi}: one JavaScript function per slot, with the
 * status check built in.
 * @module
 */
import { RuntimeLibraryError } from "../src/errors.ts";
import { GATE_SLOTS, NONBLOCKING_SLOTS, ORT_SLOTS, type OrtApi, type OrtSlot } from "./ort_api.ts";
import { readCString } from "./pointer.ts";
import { type StatusReader, throwStatus } from "./status.ts";

/** Arguments of the slot's types, which `OrtApi` checks at compile time. */
type Parameters = Deno.PointerValue[];

function nativeFunction(
  table: Deno.UnsafePointerView,
  slot: OrtSlot,
  nonblocking = false,
): { call(...parameters: Parameters): unknown } {
  const definition: Deno.ForeignFunction = {
    parameters: [...slot.parameters],
    result: slot.result === "status" ? "pointer" : slot.result,
    nonblocking,
  };
  const address = table.getPointer(slot.index * 8);
  if (address === null) throw new TypeError(`slot ${slot.index} of OrtApi is empty`);
  return new Deno.UnsafeFnPointer(address as Deno.PointerObject<never>, definition);
}

/** Minor version of ONNX Runtime 1.x: 30 for `1.30.0`. */
export function minorOf(version: string): number {
  return Number(version.split(".")[1]);
}

function statusReader(table: Deno.UnsafePointerView): StatusReader {
  const code = nativeFunction(table, ORT_SLOTS.GetErrorCode);
  const message = nativeFunction(table, ORT_SLOTS.GetErrorMessage);
  const release = nativeFunction(table, ORT_SLOTS.ReleaseStatus);
  return {
    GetErrorCode: (status) => code.call(status) as number,
    GetErrorMessage: (status) => readCString(message.call(status) as Deno.PointerValue),
    ReleaseStatus: (status) => void release.call(status),
  };
}

/**
 * Binds every slot but the gate's own. A slot that the library is too old for throws when it is
 * called: the table ends before it.
 *
 * @param table pointer that `GetApi` returned
 * @param version of the library, such as "1.30.0"
 */
export function bindApi(table: Deno.PointerObject, version: string): OrtApi {
  const view = new Deno.UnsafePointerView(table);
  const reader = statusReader(view);
  const bound: Record<string, unknown> = {};
  for (const [name, slot] of Object.entries<OrtSlot>(ORT_SLOTS)) {
    if (GATE_SLOTS.some((gate) => gate === name)) continue;
    if (slot.since !== undefined && minorOf(version) < slot.since) {
      bound[name] = () => {
        throw new RuntimeLibraryError(
          `${name} needs ONNX Runtime 1.${slot.since} or newer, found ${version}`,
          { hint: "name a newer library with --ort_lib" },
        );
      };
      continue;
    }
    const native = nativeFunction(view, slot);
    bound[name] = slot.result === "status"
      ? (...parameters: Parameters) => {
        const status = native.call(...parameters) as Deno.PointerValue;
        if (status !== null) throwStatus(reader, status, name);
      }
      : (...parameters: Parameters) => native.call(...parameters);
  }
  const nonblocking: Record<string, unknown> = {};
  for (const name of NONBLOCKING_SLOTS) {
    const native = nativeFunction(view, ORT_SLOTS[name], true);
    nonblocking[name] = async (...parameters: Parameters) => {
      const status = await native.call(...parameters) as Deno.PointerValue;
      if (status !== null) throwStatus(reader, status, name);
    };
  }
  return { ...bound, nonblocking } as unknown as OrtApi;
}
