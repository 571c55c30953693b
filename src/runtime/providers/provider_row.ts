/**
 * The description of an execution provider: everything in which providers differ.
 * @module
 */
import type { OrtApi } from "../../../ffi/ort_api.ts";
import type { ParataaError } from "../../errors.ts";
import type { Environment } from "../environment.ts";
import type { CudaOptions } from "./cuda/cuda_options.ts";
import type { OptionChecks } from "./option_checks.ts";

/** Name of an execution provider, as in `--provider`. */
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

/** Options of an execution provider. */
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

/** An open library. */
export interface LoadedLibrary {
  /** Name by which other libraries refer to it. */
  readonly soname: string;
  /** Path or name by which it was opened. */
  readonly path: string;
}

/** Device, driver and libraries that a provider has found. */
export interface ProviderReady {
  /** Name of the chosen device, if known. */
  readonly device?: string;
  /** Version that the driver supports, if known. */
  readonly driver?: string;
  /** Libraries that were opened, except ONNX Runtime's. */
  readonly libraries: readonly LoadedLibrary[];
}

/** Options of {@link ProviderRow.prepare}. */
export interface PrepareOptions {
  /** Folder of the vendor's libraries. */
  readonly folder?: string;
  /** Device that sessions will use. */
  readonly deviceId?: number | string;
}

/** A message or printed text of ONNX Runtime, and its translation for the user. */
export interface FailureText {
  readonly when: RegExp;
  /** Cause; `$1` is the first group of `when`. */
  readonly reason: string;
  /** Remedy; `$1` likewise. */
  readonly hint: string;
}

/** Options of a provider, which may be built into the core library or a plugin. */
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
  /** Description for errors. */
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
  /** Appends the provider from the core library; absent if it is always a plugin. */
  readonly append?: (target: AppendTarget, row: ProviderRow, options: ProviderOptions) => void;
  /**
   * Name, without prefix and extension, of the provider's library beside the core library; absent
   * if the provider is inside the core library.
   */
  readonly bridge?: string;
  /** Options of the provider as a plugin; absent if there is no plugin. */
  readonly plugin?: OptionTable;
  readonly ids: DeviceIds;
  /** Whether `--devices NAME:N` means N lanes that share one session. */
  readonly lanes?: boolean;
  /** Lists the devices, even if the provider does not work; absent if there is no list. */
  readonly list?: (env: Environment) => readonly DeviceEntry[];
  /** Description of its precision on float32 networks. */
  readonly precision: string;
  /** Whether binding copies inputs to the device, so that each run must bind them again. */
  readonly copiesInputs: boolean;
  /**
   * Whether two native calls at once, of any of its sessions in the process, are unsafe. Such a
   * provider has one device and is limited to the main thread.
   */
  readonly exclusive?: boolean;
  /**
   * Lowest minor version of ONNX Runtime 1.x whose built-in provider works. Older ones are refused,
   * because they can end the process.
   */
  readonly oldestBuiltIn?: number;
  /** Whether the CUDA flags of the command line are its options. */
  readonly takesCudaFlags?: boolean;
  /**
   * Whether `auto` may choose the provider (in the order of the table): `true`, a reason why not,
   * or `undefined` if there is no such device. Absent if `auto` never chooses it.
   */
  readonly offer?: (env: Environment) => true | string | undefined;
  /** Whether calls are padded to few sizes by default. */
  readonly buckets: boolean;
  /** Largest size of one input or output in bytes. */
  readonly bufferBytes?: number;
  /** Finds drivers, devices and libraries before the first session. */
  readonly prepare?: (env: Environment, options: PrepareOptions) => ProviderReady;
  /** Matches load errors that are caused by the provider, not by the model. */
  readonly blames?: RegExp;
  readonly failures: readonly FailureText[];
  /** Translates a failure, instead of `failures`. */
  readonly describe?: (message: string, cause: unknown) => ParataaError;
  /** Packages that contain the provider. */
  readonly packages: string;
  /** Whether parataa's tests have never run a network on it. */
  readonly untested: boolean;
}
