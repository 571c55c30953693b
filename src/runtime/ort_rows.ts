/**
 * Rows evaluated by ONNX Runtime on the thread that asks: what a device's Worker does.
 * @module
 */
import { Environment } from "./environment.ts";
import { ControlBlock, type DeviceSetup, WORD } from "./device_protocol.ts";
import type { RowBackend } from "./device_service.ts";
import { borrowSession, InferenceSession } from "./inference_session.ts";
import { RowPlans } from "./row_plans.ts";
import { StopSwitch } from "./stop_switch.ts";

/** Opens the library, then borrows or opens the session. */
export async function openOrtRows(setup: DeviceSetup): Promise<RowBackend> {
  const { libraryPath, session: source, stopSwitch } = setup;
  using stack = new DisposableStack();
  const environment = stack.use(Environment.open({ libraryPath }));
  const stop = stack.use(new StopSwitch(environment, stopSwitch));
  const session = "address" in source
    ? borrowSession(environment, source)
    : await InferenceSession.create(environment, source.model, source.options);
  const plans = stack.use(new RowPlans(environment, session));
  const opened = stack.move();
  const { words } = new ControlBlock(setup.control);
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    run(memory, call) {
      const plan = plans.plan(memory, call);
      plan.load(memory, call);
      Atomics.store(words, WORD.native, 1);
      try {
        plan.binding.runSync(stop);
      } finally {
        Atomics.store(words, WORD.native, 0);
      }
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
