/**
 * Turns the native function table into {@link OrtApi}: one JavaScript function per slot, the gate built in.
 * @module
 */
import { NONBLOCKING_SLOTS, ORT_SLOTS, type OrtApi, type OrtSlot } from "./ort_api.ts";
import { readCString } from "./pointer.ts";
import { checkStatus, type StatusReader } from "./status.ts";

type Native = (...args: unknown[]) => unknown;

function nativeFunction(
  table: Deno.UnsafePointerView,
  slot: OrtSlot,
  nonblocking: boolean,
): Native {
  const definition: Deno.ForeignFunction = {
    parameters: [...slot.parameters],
    result: slot.result === "status" ? "pointer" : slot.result,
    nonblocking,
  };
  const address = table.getPointer(slot.index * 8);
  if (address === null) throw new TypeError(`slot ${slot.index} of OrtApi is empty`);
  const native = new Deno.UnsafeFnPointer(address as Deno.PointerObject<never>, definition);
  return (...args) => native.call(...args as Deno.PointerValue[]);
}

function statusReader(table: Deno.UnsafePointerView): StatusReader {
  const bind = (slot: OrtSlot) => nativeFunction(table, slot, false);
  const code = bind(ORT_SLOTS.GetErrorCode);
  const message = bind(ORT_SLOTS.GetErrorMessage);
  const release = bind(ORT_SLOTS.ReleaseStatus);
  return {
    GetErrorCode: (status) => code(status) as number,
    GetErrorMessage: (status) => readCString(message(status) as Deno.PointerValue),
    ReleaseStatus: (status) => void release(status),
  };
}

/**
 * Binds every slot.
 *
 * @param table pointer that `GetApi` returned
 */
export function bindApi(table: Deno.PointerObject): OrtApi {
  const view = new Deno.UnsafePointerView(table);
  const reader = statusReader(view);
  const bound: Record<string, unknown> = {};
  for (const [name, slot] of Object.entries<OrtSlot>(ORT_SLOTS)) {
    const native = nativeFunction(view, slot, false);
    bound[name] = slot.result !== "status"
      ? native
      : (...args: unknown[]) => checkStatus(reader, native(...args) as Deno.PointerValue, name);
  }
  const nonblocking: Record<string, unknown> = {};
  for (const name of NONBLOCKING_SLOTS) {
    const native = nativeFunction(view, ORT_SLOTS[name], true);
    nonblocking[name] = async (...args: unknown[]) =>
      checkStatus(reader, await native(...args) as Deno.PointerValue, name);
  }
  return { ...bound, nonblocking } as unknown as OrtApi;
}
