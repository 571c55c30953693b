/** A device's Worker that fails by a plan. @module */
import { deviceName } from "../../src/devices/device.ts";
import { ControlBlock, type DeviceSetup, WORD } from "../../src/devices/device_protocol.ts";
import { type RowBackend, serveDevice } from "../../src/devices/device_service.ts";
import { openOrtRows } from "../../src/devices/rows/ort_rows.ts";
import { type FaultName, type FaultPlan, marked, readPlan } from "./fault_plan.ts";

class Planned {
  readonly #plan: FaultPlan;
  readonly #device: string;
  readonly #native: (busy: boolean) => void;
  readonly #calls = { open: 0, run: 0 };

  constructor(plan: FaultPlan, setup: DeviceSetup) {
    this.#plan = plan;
    this.#device = deviceName(setup.device);
    const { words } = new ControlBlock(setup.control);
    this.#native = (busy) => Atomics.store(words, WORD.native, busy ? 1 : 0);
  }

  /** Returns the fault of this call, if there is one. */
  next(op: "open" | "run", rows: number): FaultName | undefined {
    const call = ++this.#calls[op];
    for (const [i, fault] of this.#plan.faults.entries()) {
      if (fault.op !== op || (fault.device ?? this.#device) !== this.#device) continue;
      if (fault.kind === "outOfMemory" && rows <= fault.cap!) continue;
      const due = fault.times === "persistent"
        ? call >= fault.at
        : fault.times === "every"
        ? call % fault.at === 0
        : call === fault.at;
      if (!due) continue;
      const known = marked(`${this.#plan.marks}/${i}`);
      if (!known || fault.times !== "once") return fault.kind;
    }
    return undefined;
  }

  /** Fails before an answer is sent. */
  fail(kind: FaultName | undefined): void {
    switch (kind) {
      case "throw":
        throw new Error("planned: it threw");
      case "status":
        throw new Error("ONNX Runtime's RunWithBinding failed with FAIL: planned");
      case "outOfMemory":
        throw new Error(
          "ONNX Runtime's RunWithBinding failed with FAIL: Failed to allocate memory for " +
            "requested buffer of size 67108864",
        );
      case "lostReply":
        for (const cell = new Int32Array(new SharedArrayBuffer(4));;) Atomics.wait(cell, 0, 0, 50);
      case "spin":
        // Deno 2.9's terminate() does not end a loop: an endless one would take a core from all
        // later tests.
        for (const end = Date.now() + 8000; Date.now() < end;);
        return;
      case "nativeSleep":
        this.#native(true);
        marked(`${this.#plan.marks}/asleep`);
        // deno-lint-ignore house/unsafe-address -- a native call that cannot be ended
        Deno.dlopen("libc.so.6", { usleep: { parameters: ["u32"], result: "i32" } })
          .symbols.usleep(8_000_000);
        this.#native(false);
        return;
      case "exit":
        Deno.exit(3);
    }
  }
}

serveDevice(async (setup) => {
  const planned = new Planned(readPlan(import.meta.url), setup);
  planned.fail(planned.next("open", 0));
  return faulty(await openOrtRows(setup), planned);
});

function faulty(backend: RowBackend, planned: Planned): RowBackend {
  return {
    ...backend,
    run(memory, call) {
      const kind = planned.next("run", Math.max(call.count, call.padded));
      planned.fail(kind);
      const rows = backend.run(memory, call);
      if (kind === "nan") {
        const size = memory.outputs[0].length / memory.capacity;
        const { start, count } = call;
        (memory.outputs[0] as Float32Array).fill(NaN, start * size, (start + count) * size);
      }
      return kind === "wrongReply" ? rows - 1 : rows;
    },
  };
}
