/** Loads the code of a command. @module */
import type { Task } from "../../arguments/settings.ts";
import type { Command } from "./command.ts";

/** Loaders by command name. A command's modules are loaded only when it runs. */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  dit: () => sampling("dit"),
  flow: () => sampling("flow"),
  sd: () => sampling("sd"),
  "sd-winit": () => sampling("sd-winit"),
  demo: async () => (await import("./demo_script.ts")).demoCommand,
  verify: async () => (await import("./verify_script.ts")).verifyCommand,
  rerun: async () => (await import("./rerun_script.ts")).rerunCommand,
  experiment: async () => (await import("./experiment_script.ts")).experimentCommand,
  inspect: async () => (await import("./inspect_script.ts")).inspectCommand,
  doctor: async () => (await import("./doctor_script.ts")).doctorCommand,
  selftest: async () => (await import("./selftest_script.ts")).selftestCommand,
  fetch: async () => (await import("./fetch_script.ts")).fetchCommand,
  convert: async () => (await import("./convert_script.ts")).convertCommand,
};

/**
 * @param name name in the command table
 */
export function loadCommand(name: string): Promise<Command> {
  return LOADERS[name]();
}

async function sampling(task: Task): Promise<Command> {
  return (await import("./sampling_command.ts")).samplingCommand(task);
}
