/**
 * Evaluates rows by ONNX Runtime in a device's Worker.
 * @module
 */
import { Environment } from "../../runtime/environment.ts";
import { ControlBlock, type DeviceSetup } from "../device_protocol.ts";
import type { RowBackend } from "../device_service.ts";
import { borrowSession, InferenceSession } from "../../runtime/inference_session.ts";
import { RowPlans } from "./row_plans.ts";
import { StopSwitch } from "../../runtime/stop_switch.ts";

/**
 * Opens the library, then borrows or opens the session. All native work is marked in the control
 * block, because the session may belong to another thread.
 */
export async function openOrtRows(setup: DeviceSetup): Promise<RowBackend> {
  const control = new ControlBlock(setup.control);
  control.enterNative();
  try {
    return markNative(await open(setup), control);
  } finally {
    control.leaveNative();
  }
}

async function open(setup: DeviceSetup): Promise<RowBackend> {
  const { libraryPath, session: source, stopSwitch } = setup;
  using stack = new DisposableStack();
  const environment = stack.use(Environment.open({ libraryPath }));
  const stop = stack.use(new StopSwitch(environment, stopSwitch));
  const session = "address" in source
    ? borrowSession(environment, source)
    : await InferenceSession.create(environment, source.model, source.options);
  const plans = stack.use(new RowPlans(environment, session));
  const opened = stack.move();
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    run(memory, call) {
      const plan = plans.plan(memory, call);
      plan.load(memory, call);
      plan.binding.runSync(stop);
      plan.store(memory, call);
      return call.count;
    },
    forget: (memoryId) => plans.forget(memoryId),
    async close() {
      plans.close();
      await session.close();
      opened.dispose();
    },
  };
}

/** Wraps a backend so that its native work is marked in the control block. */
function markNative(backend: RowBackend, control: ControlBlock): RowBackend {
  const native = <T>(work: () => T): T => {
    control.enterNative();
    try {
      return work();
    } finally {
      control.leaveNative();
    }
  };
  return {
    ...backend,
    run: (memory, call) => native(() => backend.run(memory, call)),
    forget: (memoryId) => native(() => backend.forget(memoryId)),
    async close() {
      control.enterNative();
      await backend.close().finally(() => control.leaveNative());
    },
  };
}
