/**
 * The slots of `struct OrtApi` that are called, in the order of `onnxruntime_c_api.h` and by their
 * C names. The struct is append-only, so entry i is at byte 8·i in every version. `"buffer"` is
 * memory owned by JavaScript, `"pointer"` memory owned by ONNX Runtime; the C declaration is beside
 * each parameter.
 *
 * A `"status"` result is not returned to callers: the bound function throws `OrtError` (status.ts).
 * @module
 */

/** Native types of parameters. */
export type OrtParameter = "pointer" | "buffer" | "i32" | "i64" | "usize";

/** Native types of results. `status` is an `OrtStatus*` that the bound function checks. */
export type OrtResult = "status" | "pointer" | "i32" | "void";

/** One entry of the table. */
export interface OrtSlot {
  /** Position in `struct OrtApi`. */
  readonly index: number;
  readonly parameters: readonly OrtParameter[];
  readonly result: OrtResult;
  /** Minor version of ONNX Runtime 1.x that added it, where that is above the lowest supported. */
  readonly since?: number;
}

/** Lowest minor version of ONNX Runtime 1.x: its table holds every slot below without a `since`. */
export const MIN_API_VERSION = 17;

/** Highest version of the table to request; all slots used are older. */
export const MAX_API_VERSION = 24;

/** The table. */
export const ORT_SLOTS = {
  GetErrorCode: {
    index: 1,
    parameters: [
      "pointer", // const OrtStatus* status
    ],
    result: "i32", // OrtErrorCode
  },
  GetErrorMessage: {
    index: 2,
    parameters: [
      "pointer", // const OrtStatus* status
    ],
    result: "pointer", // const char*, lives as long as the status
  },
  CreateEnv: {
    index: 3,
    parameters: [
      "i32", // OrtLoggingLevel log_severity_level
      "buffer", // const char* logid
      "buffer", // OrtEnv** out
    ],
    result: "status",
  },
  DisableTelemetryEvents: {
    index: 6,
    parameters: [
      "pointer", // const OrtEnv* env
    ],
    result: "status",
  },
  CreateSession: {
    index: 7,
    parameters: [
      "pointer", // const OrtEnv* env
      "buffer", // const ORTCHAR_T* model_path
      "pointer", // const OrtSessionOptions* options
      "buffer", // OrtSession** out
    ],
    result: "status",
  },
  CreateSessionFromArray: {
    index: 8,
    parameters: [
      "pointer", // const OrtEnv* env
      "buffer", // const void* model_data
      "usize", // size_t model_data_length
      "pointer", // const OrtSessionOptions* options
      "buffer", // OrtSession** out
    ],
    result: "status",
  },
  Run: {
    index: 9,
    parameters: [
      "pointer", // OrtSession* session
      "pointer", // const OrtRunOptions* run_options, may be null
      "buffer", // const char* const* input_names
      "buffer", // const OrtValue* const* inputs
      "usize", // size_t input_len
      "buffer", // const char* const* output_names
      "usize", // size_t output_names_len
      "buffer", // OrtValue** outputs, null entries are allocated
    ],
    result: "status",
  },
  CreateSessionOptions: {
    index: 10,
    parameters: [
      "buffer", // OrtSessionOptions** options
    ],
    result: "status",
  },
  EnableMemPattern: {
    index: 16,
    parameters: [
      "pointer", // OrtSessionOptions* options
    ],
    result: "status",
  },
  DisableMemPattern: {
    index: 17,
    parameters: [
      "pointer", // OrtSessionOptions* options
    ],
    result: "status",
  },
  EnableCpuMemArena: {
    index: 18,
    parameters: [
      "pointer", // OrtSessionOptions* options
    ],
    result: "status",
  },
  DisableCpuMemArena: {
    index: 19,
    parameters: [
      "pointer", // OrtSessionOptions* options
    ],
    result: "status",
  },
  SetSessionLogSeverityLevel: {
    index: 22,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "i32", // int session_log_severity_level
    ],
    result: "status",
  },
  SetSessionGraphOptimizationLevel: {
    index: 23,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "i32", // GraphOptimizationLevel graph_optimization_level
    ],
    result: "status",
  },
  SetIntraOpNumThreads: {
    index: 24,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "i32", // int intra_op_num_threads
    ],
    result: "status",
  },
  SetInterOpNumThreads: {
    index: 25,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "i32", // int inter_op_num_threads
    ],
    result: "status",
  },
  SessionGetInputCount: {
    index: 30,
    parameters: [
      "pointer", // const OrtSession* session
      "buffer", // size_t* out
    ],
    result: "status",
  },
  SessionGetOutputCount: {
    index: 31,
    parameters: [
      "pointer", // const OrtSession* session
      "buffer", // size_t* out
    ],
    result: "status",
  },
  SessionGetInputTypeInfo: {
    index: 33,
    parameters: [
      "pointer", // const OrtSession* session
      "usize", // size_t index
      "buffer", // OrtTypeInfo** type_info, owned by the caller
    ],
    result: "status",
  },
  SessionGetOutputTypeInfo: {
    index: 34,
    parameters: [
      "pointer", // const OrtSession* session
      "usize", // size_t index
      "buffer", // OrtTypeInfo** type_info, owned by the caller
    ],
    result: "status",
  },
  SessionGetInputName: {
    index: 36,
    parameters: [
      "pointer", // const OrtSession* session
      "usize", // size_t index
      "pointer", // OrtAllocator* allocator
      "buffer", // char** value, freed with the allocator
    ],
    result: "status",
  },
  SessionGetOutputName: {
    index: 37,
    parameters: [
      "pointer", // const OrtSession* session
      "usize", // size_t index
      "pointer", // OrtAllocator* allocator
      "buffer", // char** value, freed with the allocator
    ],
    result: "status",
  },
  CreateRunOptions: {
    index: 39,
    parameters: [
      "buffer", // OrtRunOptions** out
    ],
    result: "status",
  },
  RunOptionsSetTerminate: {
    index: 46,
    parameters: [
      "pointer", // OrtRunOptions* options; may be called while a Run uses them
    ],
    result: "status",
  },
  RunOptionsUnsetTerminate: {
    index: 47,
    parameters: [
      "pointer", // OrtRunOptions* options
    ],
    result: "status",
  },
  CreateTensorWithDataAsOrtValue: {
    index: 49,
    parameters: [
      "pointer", // const OrtMemoryInfo* info
      "pointer", // void* p_data, remembered: pin it
      "usize", // size_t p_data_len, bytes
      "buffer", // const int64_t* shape
      "usize", // size_t shape_len
      "i32", // ONNXTensorElementDataType type
      "buffer", // OrtValue** out
    ],
    result: "status",
  },
  IsTensor: {
    index: 50,
    parameters: [
      "pointer", // const OrtValue* value
      "buffer", // int* out
    ],
    result: "status",
  },
  GetTensorMutableData: {
    index: 51,
    parameters: [
      "pointer", // OrtValue* value
      "buffer", // void** out, borrowed from the value
    ],
    result: "status",
  },
  CastTypeInfoToTensorInfo: {
    index: 55,
    parameters: [
      "pointer", // const OrtTypeInfo* type_info
      "buffer", // const OrtTensorTypeAndShapeInfo** out, borrowed from the type info
    ],
    result: "status",
  },
  GetOnnxTypeFromTypeInfo: {
    index: 56,
    parameters: [
      "pointer", // const OrtTypeInfo* type_info
      "buffer", // ONNXType* out
    ],
    result: "status",
  },
  GetTensorElementType: {
    index: 60,
    parameters: [
      "pointer", // const OrtTensorTypeAndShapeInfo* info
      "buffer", // ONNXTensorElementDataType* out
    ],
    result: "status",
  },
  GetDimensionsCount: {
    index: 61,
    parameters: [
      "pointer", // const OrtTensorTypeAndShapeInfo* info
      "buffer", // size_t* out
    ],
    result: "status",
  },
  GetDimensions: {
    index: 62,
    parameters: [
      "pointer", // const OrtTensorTypeAndShapeInfo* info
      "buffer", // int64_t* dim_values, -1 where symbolic
      "usize", // size_t dim_values_length
    ],
    result: "status",
  },
  GetSymbolicDimensions: {
    index: 63,
    parameters: [
      "pointer", // const OrtTensorTypeAndShapeInfo* info
      "buffer", // const char* dim_params[], borrowed from the info
      "usize", // size_t dim_params_length
    ],
    result: "status",
  },
  GetTensorTypeAndShape: {
    index: 65,
    parameters: [
      "pointer", // const OrtValue* value
      "buffer", // OrtTensorTypeAndShapeInfo** out, owned by the caller
    ],
    result: "status",
  },
  CreateCpuMemoryInfo: {
    index: 69,
    parameters: [
      "i32", // OrtAllocatorType type
      "i32", // OrtMemType mem_type
      "buffer", // OrtMemoryInfo** out
    ],
    result: "status",
  },
  AllocatorFree: {
    index: 76,
    parameters: [
      "pointer", // OrtAllocator* ort_allocator
      "pointer", // void* p
    ],
    result: "status",
  },
  GetAllocatorWithDefaultOptions: {
    index: 78,
    parameters: [
      "buffer", // OrtAllocator** out, not owned: lives as long as the library
    ],
    result: "status",
  },
  ReleaseEnv: {
    index: 92,
    parameters: [
      "pointer", // OrtEnv* input
    ],
    result: "void",
  },
  ReleaseStatus: {
    index: 93,
    parameters: [
      "pointer", // OrtStatus* input
    ],
    result: "void",
  },
  ReleaseMemoryInfo: {
    index: 94,
    parameters: [
      "pointer", // OrtMemoryInfo* input
    ],
    result: "void",
  },
  ReleaseSession: {
    index: 95,
    parameters: [
      "pointer", // OrtSession* input
    ],
    result: "void",
  },
  ReleaseValue: {
    index: 96,
    parameters: [
      "pointer", // OrtValue* input
    ],
    result: "void",
  },
  ReleaseRunOptions: {
    index: 97,
    parameters: [
      "pointer", // OrtRunOptions* input
    ],
    result: "void",
  },
  ReleaseTypeInfo: {
    index: 98,
    parameters: [
      "pointer", // OrtTypeInfo* input
    ],
    result: "void",
  },
  ReleaseTensorTypeAndShapeInfo: {
    index: 99,
    parameters: [
      "pointer", // OrtTensorTypeAndShapeInfo* input
    ],
    result: "void",
  },
  ReleaseSessionOptions: {
    index: 100,
    parameters: [
      "pointer", // OrtSessionOptions* input
    ],
    result: "void",
  },
  SessionGetModelMetadata: {
    index: 111,
    parameters: [
      "pointer", // const OrtSession* session
      "buffer", // OrtModelMetadata** out
    ],
    result: "status",
  },
  ModelMetadataGetProducerName: {
    index: 112,
    parameters: [
      "pointer", // const OrtModelMetadata* model_metadata
      "pointer", // OrtAllocator* allocator
      "buffer", // char** value, freed with the allocator
    ],
    result: "status",
  },
  ModelMetadataGetGraphName: {
    index: 113,
    parameters: [
      "pointer", // const OrtModelMetadata* model_metadata
      "pointer", // OrtAllocator* allocator
      "buffer", // char** value, freed with the allocator
    ],
    result: "status",
  },
  ModelMetadataLookupCustomMetadataMap: {
    index: 116,
    parameters: [
      "pointer", // const OrtModelMetadata* model_metadata
      "pointer", // OrtAllocator* allocator
      "buffer", // const char* key
      "buffer", // char** value, null when absent, freed with the allocator
    ],
    result: "status",
  },
  ReleaseModelMetadata: {
    index: 118,
    parameters: [
      "pointer", // OrtModelMetadata* input
    ],
    result: "void",
  },
  ModelMetadataGetCustomMetadataMapKeys: {
    index: 123,
    parameters: [
      "pointer", // const OrtModelMetadata* model_metadata
      "pointer", // OrtAllocator* allocator
      "buffer", // char*** keys, each key and the array freed with the allocator
      "buffer", // int64_t* num_keys
    ],
    result: "status",
  },
  AddFreeDimensionOverrideByName: {
    index: 124,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "buffer", // const char* dim_name
      "i64", // int64_t dim_value
    ],
    result: "status",
  },
  GetAvailableProviders: {
    index: 125,
    parameters: [
      "buffer", // char*** out_ptr
      "buffer", // int* provider_length
    ],
    result: "status",
  },
  ReleaseAvailableProviders: {
    index: 126,
    parameters: [
      "pointer", // char** ptr
      "i32", // int providers_length
    ],
    result: "status",
  },
  AddSessionConfigEntry: {
    index: 130,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "buffer", // const char* config_key
      "buffer", // const char* config_value
    ],
    result: "status",
  },
  RunWithBinding: {
    index: 133,
    parameters: [
      "pointer", // OrtSession* session
      "pointer", // const OrtRunOptions* run_options, may be null
      "pointer", // const OrtIoBinding* binding_ptr
    ],
    result: "status",
  },
  CreateIoBinding: {
    index: 134,
    parameters: [
      "pointer", // OrtSession* session
      "buffer", // OrtIoBinding** out
    ],
    result: "status",
  },
  ReleaseIoBinding: {
    index: 135,
    parameters: [
      "pointer", // OrtIoBinding* input
    ],
    result: "void",
  },
  BindInput: {
    index: 136,
    parameters: [
      "pointer", // OrtIoBinding* binding_ptr
      "buffer", // const char* name
      "pointer", // const OrtValue* val_ptr
    ],
    result: "status",
  },
  BindOutput: {
    index: 137,
    parameters: [
      "pointer", // OrtIoBinding* binding_ptr
      "buffer", // const char* name
      "pointer", // const OrtValue* val_ptr
    ],
    result: "status",
  },
  SessionOptionsAppendExecutionProvider_TensorRT_V2: {
    index: 170,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "pointer", // const OrtTensorRTProviderOptionsV2* tensorrt_options
    ],
    result: "status",
  },
  CreateTensorRTProviderOptions: {
    index: 171,
    parameters: [
      "buffer", // OrtTensorRTProviderOptionsV2** out
    ],
    result: "status",
  },
  UpdateTensorRTProviderOptions: {
    index: 172,
    parameters: [
      "pointer", // OrtTensorRTProviderOptionsV2* tensorrt_options
      "buffer", // const char* const* provider_options_keys
      "buffer", // const char* const* provider_options_values
      "usize", // size_t num_keys
    ],
    result: "status",
  },
  ReleaseTensorRTProviderOptions: {
    index: 174,
    parameters: [
      "pointer", // OrtTensorRTProviderOptionsV2* input
    ],
    result: "void",
  },
  SessionOptionsAppendExecutionProvider_CUDA_V2: {
    index: 204,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "pointer", // const OrtCUDAProviderOptionsV2* cuda_options
    ],
    result: "status",
  },
  CreateCUDAProviderOptions: {
    index: 205,
    parameters: [
      "buffer", // OrtCUDAProviderOptionsV2** out
    ],
    result: "status",
  },
  UpdateCUDAProviderOptions: {
    index: 206,
    parameters: [
      "pointer", // OrtCUDAProviderOptionsV2* cuda_options
      "buffer", // const char* const* provider_options_keys
      "buffer", // const char* const* provider_options_values
      "usize", // size_t num_keys
    ],
    result: "status",
  },
  ReleaseCUDAProviderOptions: {
    index: 208,
    parameters: [
      "pointer", // OrtCUDAProviderOptionsV2* input
    ],
    result: "void",
  },
  SessionOptionsAppendExecutionProvider: {
    index: 216,
    parameters: [
      "pointer", // OrtSessionOptions* options
      "buffer", // const char* provider_name
      "buffer", // const char* const* provider_options_keys
      "buffer", // const char* const* provider_options_values
      "usize", // size_t num_keys
    ],
    result: "status",
  },
  UpdateEnvWithCustomLogLevel: {
    index: 226,
    parameters: [
      "pointer", // OrtEnv* ort_env
      "i32", // OrtLoggingLevel log_severity_level
    ],
    result: "status",
  },
  GetKeyValuePairs: {
    index: 298,
    parameters: [
      "pointer", // const OrtKeyValuePairs* kvps
      "buffer", // const char* const** keys
      "buffer", // const char* const** values
      "buffer", // size_t* num_entries
    ],
    result: "void",
    since: 22,
  },
  RegisterExecutionProviderLibrary: {
    index: 301,
    parameters: [
      "pointer", // OrtEnv* env
      "buffer", // const char* registration_name
      "buffer", // const ORTCHAR_T* path
    ],
    result: "status",
    since: 22,
  },
  GetEpDevices: {
    index: 303,
    parameters: [
      "pointer", // const OrtEnv* env
      "buffer", // const OrtEpDevice* const** ep_devices, owned by the environment
      "buffer", // size_t* num_ep_devices
    ],
    result: "status",
    since: 22,
  },
  SessionOptionsAppendExecutionProvider_V2: {
    index: 304,
    parameters: [
      "pointer", // OrtSessionOptions* session_options
      "pointer", // OrtEnv* env
      "buffer", // const OrtEpDevice* const* ep_devices
      "usize", // size_t num_ep_devices
      "buffer", // const char* const* ep_option_keys
      "buffer", // const char* const* ep_option_vals
      "usize", // size_t num_ep_options
    ],
    result: "status",
    since: 22,
  },
  HardwareDevice_Type: {
    index: 307,
    parameters: [
      "pointer", // const OrtHardwareDevice* device
    ],
    result: "i32", // OrtHardwareDeviceType
    since: 22,
  },
  HardwareDevice_VendorId: {
    index: 308,
    parameters: [
      "pointer", // const OrtHardwareDevice* device
    ],
    result: "i32", // uint32_t
    since: 22,
  },
  EpDevice_EpName: {
    index: 312,
    parameters: [
      "pointer", // const OrtEpDevice* ep_device
    ],
    result: "pointer", // const char*, owned by the environment
    since: 22,
  },
  EpDevice_EpMetadata: {
    index: 314,
    parameters: [
      "pointer", // const OrtEpDevice* ep_device
    ],
    result: "pointer", // const OrtKeyValuePairs*, owned by the environment
    since: 22,
  },
  EpDevice_Device: {
    index: 316,
    parameters: [
      "pointer", // const OrtEpDevice* ep_device
    ],
    result: "pointer", // const OrtHardwareDevice*, owned by the environment
    since: 22,
  },
  Session_GetEpGraphAssignmentInfo: {
    index: 407,
    parameters: [
      "pointer", // const OrtSession* session
      "buffer", // const OrtEpAssignedSubgraph* const** ep_subgraphs, owned by the session
      "buffer", // size_t* num_ep_subgraphs
    ],
    result: "status",
    since: 24,
  },
  EpAssignedSubgraph_GetEpName: {
    index: 408,
    parameters: [
      "pointer", // const OrtEpAssignedSubgraph* ep_subgraph
      "buffer", // const char** out, owned by the session
    ],
    result: "status",
    since: 24,
  },
  EpAssignedSubgraph_GetNodes: {
    index: 409,
    parameters: [
      "pointer", // const OrtEpAssignedSubgraph* ep_subgraph
      "buffer", // const OrtEpAssignedNode* const** ep_nodes, owned by the session
      "buffer", // size_t* num_ep_nodes
    ],
    result: "status",
    since: 24,
  },
} as const satisfies Record<string, OrtSlot>;

/** Slots that are bound a second time as `nonblocking` calls, because they may take long. */
export const NONBLOCKING_SLOTS = [
  "CreateSession",
  "CreateSessionFromArray",
  "Run",
  "RunWithBinding",
] as const;

/** C name of a slot. */
export type OrtSlotName = keyof typeof ORT_SLOTS;

interface Arguments {
  pointer: Deno.PointerValue;
  buffer: ArrayBufferView;
  i32: number;
  i64: bigint;
  usize: bigint;
}

interface Results {
  status: void;
  pointer: Deno.PointerValue;
  i32: number;
  void: void;
}

type ArgumentsOf<P extends readonly OrtParameter[]> = {
  -readonly [I in keyof P]: Arguments[P[I]];
};

/** Slots that only the status check calls. */
export const GATE_SLOTS = ["GetErrorCode", "GetErrorMessage", "ReleaseStatus"] as const;

type CallableName = Exclude<OrtSlotName, (typeof GATE_SLOTS)[number]>;

/**
 * The bound functions, by C name, without those of {@link GATE_SLOTS}; `nonblocking` holds those of
 * {@link NONBLOCKING_SLOTS} again, returning promises.
 */
export type OrtApi =
  & {
    [N in CallableName]: (
      ...parameters: ArgumentsOf<(typeof ORT_SLOTS)[N]["parameters"]>
    ) => Results[(typeof ORT_SLOTS)[N]["result"]];
  }
  & {
    nonblocking: {
      [N in (typeof NONBLOCKING_SLOTS)[number]]: (
        ...parameters: ArgumentsOf<(typeof ORT_SLOTS)[N]["parameters"]>
      ) => Promise<void>;
    };
  };
