/**
 * `selftest`: compares the shipped networks on a device with the CPU; users attach the output to
 * bug reports.
 * @module
 */
import { basename, isAbsolute, join, resolve } from "node:path";
import { NumericalError, UsageError, VerificationError } from "../../errors.ts";
import { type Digest, digestFile } from "../../storage/hash.ts";
import { describeHost } from "../../runs/host.ts";
import type { Environment } from "../../runtime/environment.ts";
import { VERSION } from "../../version.ts";
import {
  chooseProvider,
  type Execution,
  type ExecutionSettings,
} from "../../jobs/execution/choose_provider.ts";
import type { Command, Run } from "./command.ts";
import {
  cudaOptionsOf,
  PROVIDER_FLAGS,
  providerSettings,
} from "../../arguments/flags/cuda_flags.ts";
import { checkProviderOptions } from "../../arguments/flags/provider_options.ts";
import { readDeviceList } from "../../arguments/device_settings.ts";
import type { LocalDevice } from "../../devices/device.ts";
import { libraryFile } from "../../runtime/providers/library_file.ts";
import type { Provider } from "../../runtime/providers/provider_row.ts";
import { PROVIDERS } from "../../runtime/providers/provider_table.ts";
import { ditFlags } from "../../arguments/flags/dit_flags.ts";
import type { Flag, FlagValues } from "../../arguments/flag.ts";
import { openEnvironment } from "../../jobs/execution/open_model.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { withFlagNames } from "../main.ts";
import { printLine, printLines, printStatus } from "../print.ts";
import { projectPath } from "../../storage/project_path.ts";
import { printHelpOrVersion } from "../help.ts";
import { measureNetwork, type NetworkResult } from "../../diagnostics/selftest/selftest_measure.ts";
import { NETWORKS } from "../../diagnostics/selftest/selftest_networks.ts";
import {
  headLines,
  placementLines,
  type SelftestReport,
  tableHead,
  tableLine,
} from "../../diagnostics/selftest/selftest_report.ts";
import { shownValue } from "../../text.ts";

const summary = {
  name: "selftest",
  about: "Runs the networks that ship with parataa on a device. Reports the difference of their " +
    "outputs from the CPU's, the time of calls of 1, 2, 4, … rows, and the library and device " +
    "used.",
  example: "deno task selftest --device cuda:0 --ort_lib cuda/onnxruntime/capi/libonnxruntime.so.1",
};

const flags = selftestFlags();

/** Flags of `selftest`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function selftestFlags() {
  const { provider: _, ...providerFlags } = PROVIDER_FLAGS;
  const { threads, verbose, json, debug, help, version } = ditFlags();
  return {
    device: {
      type: "string",
      value: "cpu|cuda:N|…",
      default: "cpu",
      group: "Model",
      help: "device to test, as in cuda:0, webgpu:0 or openvino:CPU",
    },
    ...providerFlags,
    batches: {
      type: "string",
      value: "A,B,…",
      default: "1,2,4,8,16,32,64",
      group: "Run",
      help: "row counts of the timed calls",
    },
    tolerance: {
      type: "number",
      min: 0,
      max: Number.MAX_VALUE,
      default: 0.05,
      group: "Run",
      help: "largest accepted difference from the CPU, relative to the output's RMS",
    },
    threads,
    json: { ...json, help: "print one JSON object, with full hashes and the times of first calls" },
    ...{ verbose, debug, help, version },
  } as const satisfies Record<string, Flag>;
}

type Values = FlagValues<typeof flags>;

/**
 * Runs `selftest`.
 *
 * @throws {RuntimeLibraryError} when the device is unavailable
 * @throws {NumericalError} when an output is not finite
 * @throws {VerificationError} when an output differs from the CPU's by more than `--tolerance`
 */
export const runSelftest: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, given } = parseFlags(flags, args);
  refuseIgnored(values, given);
  const batches = parseBatches(values.batches);
  const { provider, id: deviceId } = readDevice(values);
  const settings = { ...deviceSettings(values, provider), verbose: values.verbose };
  using env = openEnvironment(settings);
  const execution = await chooseProvider(env, settings, deviceId);
  if (values.verbose) { for (const line of execution.details) printStatus(line); }
  const report = await startReport(env, values, execution);
  const print = (lines: string[]) => values.json || printLines(lines);
  print([...headLines(report), "", ...tableHead(batches)]);
  for (const network of NETWORKS) {
    const file = projectPath(join("models", network, "model.onnx"));
    const result = await measureNetwork(env, {
      ...{ network, file, batches, signal },
      session: execution.session,
    });
    report.networks.push(result);
    print([tableLine(result)]);
  }
  if (!PROVIDERS[provider].lanes) print(placementLines(report.networks));
  if (values.json) printLine(JSON.stringify(report));
  for (const result of report.networks) checkDifference(result, values);
});

/** The one device that `--device` names. */
function readDevice({ device: text }: Values): LocalDevice {
  const [device, ...others] = readDeviceList(text) ?? [];
  if (device && others.length === 0) return device;
  throw new UsageError(
    `--device is ${shownValue(text)} but takes cpu, cuda:N, webgpu:0, openvino:CPU and the like`,
  );
}

/** Settings of the device, as for a run. */
function deviceSettings(values: Values, provider: Provider): ExecutionSettings {
  const settings = { ...providerSettings(values), provider, threads: values.threads };
  checkProviderOptions(provider, settings);
  if (cudaOptionsOf(settings).device_id === undefined) return settings;
  throw new UsageError("--device and the device_id of --cuda_options both name a GPU", {
    hint: "leave device_id out",
  });
}

function parseBatches(text: string): number[] {
  return text.split(",").map((part) => {
    const rows = Number(part);
    if (/^\d+$/.test(part) && rows >= 1 && rows <= 4096) return rows;
    throw new UsageError(`--batches has ${shownValue(part)}, wanted whole numbers, 1-4096`);
  });
}

async function startReport(
  env: Environment,
  { device, threads }: Values,
  { device: name, provider, ready, session }: Execution,
): Promise<SelftestReport> {
  const { untested, precision } = PROVIDERS[provider];
  const { providerLibrary: plugin } = session;
  const own = plugin === undefined ? providerPaths(env, provider) : [resolve(plugin)];
  const paths = [env.libraryPath, ...own];
  if (ready) paths.push(...ready.libraries.map(({ path }) => path));
  return {
    ...{ device, name, driver: ready?.driver, precision, untested },
    versions: { parataa: VERSION, deno: Deno.version.deno, onnxruntime: env.version },
    host: await describeHost(),
    threads,
    libraries: await Promise.all(paths.map(describeLibrary)),
    networks: [],
  };
}

/** Path of the provider's library, if it is one of its own in the folder of the core library. */
function providerPaths({ libraryPath }: Environment, provider: Provider): string[] {
  const { bridge } = PROVIDERS[provider];
  if (bridge === undefined || !isAbsolute(libraryPath)) return [];
  return [join(libraryPath, "..", libraryFile(bridge))];
}

/**
 * Path and digest of a library. The digest is absent if the library was found by name or may not be
 * read.
 */
async function describeLibrary(path: string): Promise<{ path: string } & Partial<Digest>> {
  const own = /onnxruntime/.test(basename(path));
  const readable = own ||
    (await Deno.permissions.query({ name: "read", path })).state === "granted";
  return isAbsolute(path) && readable ? { path, ...await digestFile(path) } : { path };
}

/**
 * Checks the outputs of a network against the tolerance.
 *
 * @throws {NumericalError | VerificationError} naming the network
 */
export function checkDifference(
  { network, difference }: NetworkResult,
  { device, tolerance }: Pick<Values, "device" | "tolerance">,
): void {
  const { relative } = difference;
  if (Number.isNaN(relative)) {
    throw new NumericalError(`${network} returned NaN or infinity on ${device}`);
  }
  if (relative <= tolerance) return;
  throw new VerificationError(
    `${network} on ${device} is ${relative.toExponential(1)} from the CPU's output, ` +
      `relative to its RMS; wanted at most ${tolerance}`,
  );
}

/** The `selftest` command. */
export const selftestCommand: Command = { flags, run: runSelftest };
