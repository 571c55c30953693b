/**
 * The Worker's side of a device: waits for commands and runs them.
 * @module
 */
import { liveHandles } from "../runtime/live_handles.ts";
import { ParataaError } from "../errors.ts";
import {
  COMMAND,
  ControlBlock,
  type DeviceSetup,
  type FromWorker,
  RESULT,
  type ToWorker,
  WORD,
} from "./device_protocol.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import { RowMemory } from "./rows/row_memory.ts";
import type { RowCall } from "./rows/row_plans.ts";

/** Evaluates rows in a Worker: ONNX Runtime, or a substitute in tests and benchmarks. */
export interface RowBackend {
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** Evaluates the call's rows synchronously; returns the number of evaluated rows. */
  run(memory: RowMemory, call: RowCall): number;
  /** Releases the resources of a memory. */
  forget(memoryId: number): void;
  /** Releases everything. */
  close(): Promise<void>;
}

/** Interval at which a waiting Worker wakes up, because it can only be terminated while awake. */
const WAIT_MS = 500;

/** The used part of a Worker's global scope. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
  close(): void;
}

/**
 * Serves one device until the Worker ends.
 *
 * @param open opens the backend
 */
export function serveDevice(open: (setup: DeviceSetup) => Promise<RowBackend>): void {
  const scope = globalThis as unknown as Scope;
  let service: Service | undefined;
  scope.onmessage = async ({ data }) => {
    if (data.kind === "open") {
      try {
        service = new Service(await open(data.setup), new ControlBlock(data.setup.control));
      } catch (error) {
        scope.postMessage({ kind: "failed", error: sendable(error) });
        return;
      }
      const { inputs, outputs } = service.backend;
      scope.postMessage({ kind: "ready", inputs, outputs });
    } else if (data.kind === "close") {
      await service?.backend.close();
      scope.postMessage({ kind: "closed", handles: liveHandles() });
      return;
    } else service?.read(data);
    if (service?.work() === "leave") scope.close();
  };
}

class Service {
  readonly backend: RowBackend;
  readonly #control: ControlBlock;
  readonly #memories = new Map<number, RowMemory>();
  #lastCommand = 0;
  #answerPending = false;

  constructor(backend: RowBackend, control: ControlBlock) {
    this.backend = backend;
    this.#control = control;
  }

  read(message: Exclude<ToWorker, { kind: "open" | "close" }>): void {
    if (message.kind === "memory") {
      this.#memories.set(message.memory.id, RowMemory.from(message.memory));
    } else {
      this.#memories.delete(message.memoryId);
      this.backend.forget(message.memoryId);
    }
  }

  /** Runs commands until one announces a message or the end. */
  work(): "message" | "leave" {
    const { words } = this.#control;
    if (this.#answerPending) this.#answer();
    for (;;) {
      while (Atomics.load(words, WORD.command) === this.#lastCommand) {
        Atomics.wait(words, WORD.command, this.#lastCommand, WAIT_MS);
      }
      this.#lastCommand = Atomics.load(words, WORD.command);
      if (words[WORD.kind] === COMMAND.leave) return "leave";
      if (words[WORD.kind] === COMMAND.readMessage) {
        this.#answerPending = true;
        return "message";
      }
      this.#run();
      this.#answer();
    }
  }

  #run(): void {
    const { words } = this.#control;
    const started = performance.now();
    try {
      const memory = this.#memories.get(words[WORD.memory]);
      if (!memory) throw new TypeError(`row memory ${words[WORD.memory]} is not known`);
      words[WORD.rows] = this.backend.run(memory, {
        start: words[WORD.start],
        count: words[WORD.count],
        padded: words[WORD.padded],
      });
      words[WORD.result] = RESULT.done;
    } catch (error) {
      this.#control.text = error instanceof Error ? error.message : String(error);
      words[WORD.result] = RESULT.failed;
    }
    words[WORD.microseconds] = Math.min((performance.now() - started) * 1000, 2 ** 31 - 1);
  }

  #answer(): void {
    this.#answerPending = false;
    const { words } = this.#control;
    Atomics.store(words, WORD.answer, this.#lastCommand);
    Atomics.notify(words, WORD.answer);
  }
}

function sendable(error: unknown): { code: string; message: string; hint?: string } {
  if (error instanceof ParataaError) {
    return { code: error.code, message: error.message, hint: error.hint };
  }
  return { code: "E_RUNTIME", message: error instanceof Error ? error.message : String(error) };
}
