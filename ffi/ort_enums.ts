/** Enumerations of ONNX Runtime's C API, with its names and numbers. @module */

/** `OrtErrorCode` by number. */
export const ERROR_CODES: readonly ErrorCodeName[] = [
  "OK",
  "FAIL",
  "INVALID_ARGUMENT",
  "NO_SUCHFILE",
  "NO_MODEL",
  "ENGINE_ERROR",
  "RUNTIME_EXCEPTION",
  "INVALID_PROTOBUF",
  "MODEL_LOADED",
  "NOT_IMPLEMENTED",
  "INVALID_GRAPH",
  "EP_FAIL",
  "MODEL_LOAD_CANCELED",
  "MODEL_REQUIRES_COMPILATION",
  "NOT_FOUND",
];

/** Name of an `OrtErrorCode`. */
export type ErrorCodeName =
  | "OK"
  | "FAIL"
  | "INVALID_ARGUMENT"
  | "NO_SUCHFILE"
  | "NO_MODEL"
  | "ENGINE_ERROR"
  | "RUNTIME_EXCEPTION"
  | "INVALID_PROTOBUF"
  | "MODEL_LOADED"
  | "NOT_IMPLEMENTED"
  | "INVALID_GRAPH"
  | "EP_FAIL"
  | "MODEL_LOAD_CANCELED"
  | "MODEL_REQUIRES_COMPILATION"
  | "NOT_FOUND";

/**
 * `ONNXTensorElementDataType` of the types that are passed as typed arrays, and of `string`, which
 * is not.
 */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Name of a tensor's element type. */
export type ElementTypeName = keyof typeof ELEMENT_TYPES;

/** Name of an `OrtLoggingLevel`. */
export type LogSeverityLevel = "verbose" | "info" | "warning" | "error" | "fatal";

/** `OrtLoggingLevel`: messages at this level and above go to stderr. */
export const LOG_SEVERITY_LEVELS: Readonly<Record<LogSeverityLevel, number>> = {
  ...{ verbose: 0, info: 1, warning: 2, error: 3, fatal: 4 },
};

/** Name of a `GraphOptimizationLevel`. */
export type GraphOptimizationLevel = "disabled" | "basic" | "extended" | "all";

/** `GraphOptimizationLevel`. */
export const GRAPH_OPTIMIZATION_LEVELS: Readonly<Record<GraphOptimizationLevel, number>> = {
  ...{ disabled: 0, basic: 1, extended: 2, all: 99 },
};

/** `ONNXType` of a value that is a dense tensor. */
export const ONNX_TYPE_TENSOR = 1;

/** `OrtAllocatorType`: memory from the arena of the device. */
export const ORT_ARENA_ALLOCATOR = 1;

/** `OrtMemType`: the device's default memory. */
export const ORT_MEM_TYPE_DEFAULT = 0;
