/** What `--devices`, `--buckets` and their kin come to. @module */
import { PermissionError, RuntimeLibraryError, UsageError } from "../errors.ts";
import type { PoolOptions } from "../pipelines/latent_pipeline.ts";
import type { DeviceSpec } from "../runtime/devices/device.ts";
import type { Environment } from "../runtime/environment.ts";
import { chooseProvider, type Execution } from "./choose_provider.ts";
import { cudaOptionsOf } from "../arguments/cuda_flags.ts";
import { show } from "../arguments/parse_flags.ts";
import type { SamplingValues } from "./solve.ts";

/** What runs the networks, and the devices that the noise-predicting one is spread over. */
export interface DeviceExecution extends Execution {
  /** Absent where one session of the main thread does all. */
  readonly devices?: readonly DeviceSpec[];
}

const MOST_DEVICES = 64;
const CUDA_IDS = /^\d{1,3}(,\d{1,3})*$/;
const CPU_LANES = /^cpu(:(\d{1,3}))?$/;

/**
 * The devices of `--devices`; `undefined` where that is `auto`.
 *
 * @throws {UsageError} when it names none, one twice, or another provider than `--provider`
 */
export function readDevices(values: SamplingValues): readonly DeviceSpec[] | undefined {
  const { devices: text, provider } = values;
  if (text === "auto") return undefined;
  const lanes = CPU_LANES.exec(text);
  const devices: DeviceSpec[] | undefined = lanes
    ? Array.from({ length: Number(lanes[2] ?? 1) }, (_, lane) => ({ kind: "cpu", lane }))
    : CUDA_IDS.test(text)
    ? text.split(",").map((id) => ({ kind: "cuda", id: Number(id) }))
    : undefined;
  const distinct = new Set(devices?.map((device) => JSON.stringify(device)));
  if (
    !devices || devices.length === 0 || distinct.size < devices.length ||
    distinct.size > MOST_DEVICES
  ) {
    throw new UsageError(
      `--devices is ${
        show(text)
      } but takes auto, CUDA ids such as 0,1,2, each once, or cpu:N with N from 1 to ${MOST_DEVICES}`,
    );
  }
  const [{ kind }] = devices;
  if (provider === "auto" || provider === kind) return devices;
  throw new UsageError(`--devices ${text} and --provider ${provider} name different providers`);
}

/**
 * Settles what runs the networks; all but the noise-predicting one run on the first device. `--fallback cpu` takes the CPU where CUDA
 * cannot be had.
 *
 * @throws {RuntimeLibraryError | PermissionError} when CUDA is asked for and cannot be had
 */
export function chooseExecution(env: Environment, values: SamplingValues): DeviceExecution {
  const devices = readDevices(values);
  if (!devices) return chooseProvider(env, values);
  const [first] = devices;
  if (first.kind === "cpu") {
    return { ...chooseProvider(env, { ...values, provider: "cpu" }), devices };
  }
  try {
    return { ...chooseProvider(env, { ...values, provider: "cuda" }, first.id), devices };
  } catch (error) {
    const unavailable = error instanceof RuntimeLibraryError || error instanceof PermissionError;
    if (values.fallback !== "cpu" || !unavailable) throw error;
    const onCpu = chooseProvider(env, { ...values, provider: "cpu" });
    return {
      ...onCpu,
      notes: [`${error.message}; taking the CPU, as --fallback says`, ...onCpu.notes],
    };
  }
}

/** How the noise-predicting network's rows are spread. */
export function poolOptions(
  values: SamplingValues,
  { devices, provider, session }: Pick<DeviceExecution, "devices" | "provider" | "session">,
  onNote: (line: string) => void,
): PoolOptions {
  const lanes = provider === "cpu" ? devices?.length : undefined;
  // Lanes with more threads than there are cores would wait for each other in loops.
  const perLane = lanes && Math.max(1, Math.floor(navigator.hardwareConcurrency / lanes));
  return {
    devices,
    session: { ...session, intraOpNumThreads: values.threads ?? perLane },
    buckets: readBuckets(values, provider),
    deadlineSeconds: values.deadline,
    fallback: values.fallback === "cpu" ? "cpu" : undefined,
    onNote,
  };
}

/** @throws {UsageError} when a size is no whole number from 1 on */
function readBuckets(
  { buckets: text }: SamplingValues,
  provider: Execution["provider"],
): PoolOptions["buckets"] {
  if (text === "auto") return provider === "cuda" ? "auto" : undefined;
  if (text === "none") return undefined;
  if (/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/.test(text)) return text.split(",").map(Number);
  throw new UsageError(
    `--buckets is ${show(text)} but takes auto, none, or numbers of rows such as 50,25,13`,
  );
}

/** Refuses what the device flags cannot mean, before anything is opened. @throws {UsageError} */
export function checkDevices(values: SamplingValues): void {
  readBuckets(values, "cpu");
  const devices = readDevices(values);
  const onCuda = devices?.[0].kind === "cuda";
  if (onCuda && cudaOptionsOf(values).device_id !== undefined) {
    throw new UsageError("--devices and the device_id of --cuda_options both name a GPU", {
      hint: "leave device_id out",
    });
  }
  if (values.fallback === "none" || onCuda) return;
  throw new UsageError(
    `--fallback is ${values.fallback}, but --devices names no GPU to fall back from`,
  );
}
