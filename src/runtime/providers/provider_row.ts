/**
 * What an execution provider is to this library: everything in which providers differ.
 * @module
 */
import type { OrtApi } from "../../../ffi/ort_api.ts";
import type { ParataaError } from "../../errors.ts";
import type { Environment } from "../environment.ts";
import type { CudaOptions } from "./cuda/cuda_options.ts";
import type { OptionChecks } from "./option_checks.ts";

/** Execution provider of a session, by the name that `--provider` takes. */
export type Provider =
  | "cpu"
  | "cuda"
  | "tensorrt"
  | "nv-tensorrt-rtx"
  | "migraphx"
  | "openvino"
  | "webgpu"
  | "coreml"
  | "dml"
  | "xnnpack";

/** What a session asks of its execution provider. */
export interface ProviderOptions {
  /** Options of the CUDA provider by ONNX Runtime's own names; other providers ignore them. */
  cuda?: CudaOptions;
  /**
   * Options of any other provider by its own names, such as `preferredLayout` for WebGPU. Names
   * and values are checked.
   */
  providerOptions?: Readonly<Record<string, string>>;
  /** Path of the provider's plugin library, for a provider that the core library lacks. */
  providerLibrary?: string;
  /** Device of the provider, default the first: a number, or `CPU`, `GPU.1` for OpenVINO. */
  deviceId?: number | string;
}

/** Native objects that a provider is appended to. */
export interface AppendTarget {
  readonly api: OrtApi;
  readonly env: Deno.PointerObject;
  readonly sessionOptions: Deno.PointerObject;
}

/** A library that is open, and what it was opened by. */
export interface LoadedLibrary {
  /** Name that other libraries ask for it by. */
  readonly soname: string;
  /** Path or name that it was opened by. */
  readonly path: string;
}

/** What a provider found on this machine before its first session. */
export interface ProviderReady {
  /** Name of the device that was chosen, where the provider tells. */
  readonly device?: string;
  /** Version that the driver supports, where the provider tells. */
  readonly driver?: string;
  /** Libraries that were opened, beside ONNX Runtime's own. */
  readonly libraries: readonly LoadedLibrary[];
}

/** Options of {@link ProviderRow.prepare}. */
export interface PrepareOptions {
  /** Folder of the vendor's libraries. */
  readonly folder?: string;
  /** Device that sessions will use. */
  readonly deviceId?: number | string;
}

/** A message of ONNX Runtime, or text that it printed, and what to tell the user. */
export interface FailureText {
  readonly when: RegExp;
  /** Cause; `$1` is the first group of `when`. */
  readonly reason: string;
  /** Remedy; `$1` likewise. */
  readonly hint: string;
}

/** How a provider takes options, built into the core library or as a plugin. */
export interface OptionTable {
  readonly options: OptionChecks;
  /** Options that are set unless others are given. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Option that names the device. */
  readonly deviceKey?: string;
}

/** Ids of devices as `--devices` takes them. */
export interface DeviceIds {
  readonly pattern: RegExp;
  /** In words, for an error. */
  readonly wanted: string;
  readonly first: number | string;
}

/** A device in a list for users. */
export interface DeviceEntry {
  /** As `--devices` takes it. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly memory?: number;
  /** CUDA's, such as "9.0". */
  readonly compute_capability?: string;
}

/** An execution provider. */
export interface ProviderRow extends OptionTable {
  /** Name in messages. */
  readonly title: string;
  /** Name in ONNX Runtime's own list. */
  readonly epName: string;
  /** Appends the provider that is built into the core library; absent for one that never is. */
  readonly append?: (target: AppendTarget, row: ProviderRow, options: ProviderOptions) => void;
  /**
   * Library beside the core library that has the provider, by its name without prefix and ending;
   * absent where it is inside.
   */
  readonly bridge?: string;
  /** Options of the provider as a plugin; absent where there is none. */
  readonly plugin?: OptionTable;
  readonly ids: DeviceIds;
  /** Whether `--devices NAME:N` means N lanes that share one session. */
  readonly lanes?: boolean;
  /** Devices that are there, whether the provider works or not; absent where nobody tells. */
  readonly list?: (env: Environment) => readonly DeviceEntry[];
  /** Precision of its arithmetic on float32 networks, in words. */
  readonly precision: string;
  /** Whether inputs are copied to the device when they are bound: each run must bind them anew. */
  readonly copiesInputs: boolean;
  /**
   * Whether two native calls at once, of any of its sessions in the process, are unsafe. Such a
   * provider has one device and is limited to the main thread.
   */
  readonly exclusive?: boolean;
  /** Whether the CUDA flags of the command line are its options. */
  readonly takesCudaFlags?: boolean;
  /**
   * Whether `auto` may take it, in the order of the table: `true`, a reason why it cannot, or
   * `undefined` where nothing speaks for it. Absent for one that `auto` never takes.
   */
  readonly offer?: (env: Environment) => true | string | undefined;
  /** Whether calls are padded to few sizes by default. */
  readonly buckets: boolean;
  /** Most bytes of one input or output. */
  readonly bufferBytes?: number;
  /** Finds drivers, devices and libraries before the first session. */
  readonly prepare?: (env: Environment, options: PrepareOptions) => ProviderReady;
  /** Messages that tell of the provider, not of the model, when a session is made. */
  readonly blames?: RegExp;
  readonly failures: readonly FailureText[];
  /** Translates a failure in its own way, instead of by `failures`. */
  readonly describe?: (message: string, cause: unknown) => ParataaError;
  /** Where a library with the provider can be had. */
  readonly packages: string;
  /** Whether no network has run on it here. */
  readonly untested: boolean;
}
