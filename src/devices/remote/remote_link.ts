/**
 * The device whose rows a server evaluates.
 * @module
 */
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import { callFault, DeviceFault } from "../device_fault.ts";
import type { DeviceLink } from "../device_link.ts";
import type { RowMemory } from "../rows/row_memory.ts";
import type { RowCall } from "../rows/row_plans.ts";
import type { GrpcChannel } from "./grpc_channel.ts";
import { GrpcStatus } from "./grpc_status.ts";
import { inferRequest, readAnswer } from "./oip_messages.ts";
import { methodPath, type OpenedModel, openServed, type Waiting } from "./open_served.ts";
import { pause } from "./pause.ts";
import {
  remoteAddress,
  type RemoteDevice,
  type RemoteOptions,
  type ServedModel,
} from "./remote_device.ts";
import { callError, deadlineFault, isFull } from "./remote_faults.ts";
import { maxAnswerBytes, requestOf, writeAnswer } from "./served_rows.ts";
import { type ServedTensors, servedTensors } from "./served_tensors.ts";

/** A full server is asked again after this long, then after twice as long, up to the most. */
const FULL_MS = 25, FULL_MAX_MS = 2000;
/** Longest delay of a timer. */
const MAX_TIMER = 2 ** 31 - 1;

/** A model on a server as a device. */
export class RemoteLink implements DeviceLink {
  readonly served: ServedModel;
  readonly #channel: GrpcChannel;
  readonly #address: string;
  readonly #tensors: ServedTensors;
  #stop: AbortController | undefined;

  private constructor(device: RemoteDevice, { channel, served, model }: OpenedModel) {
    this.#channel = channel;
    this.#address = remoteAddress(device);
    this.served = served;
    this.#tensors = servedTensors(model);
  }

  /**
   * Connects and waits until the model is ready.
   *
   * @throws {RuntimeLibraryError} if it is not in time, or never will be
   */
  static async open(
    device: RemoteDevice,
    { ca, headers, pings }: RemoteOptions,
    waiting: Waiting,
  ): Promise<RemoteLink> {
    const url = `${device.tls ? "https" : "http"}://${device.host}`;
    const options = { url, ca, headers, pings };
    return new RemoteLink(device, await openServed(device, options, waiting));
  }

  get inputs(): readonly TensorMetadata[] {
    return this.#tensors.inputs;
  }

  get outputs(): readonly TensorMetadata[] {
    return this.#tensors.outputs;
  }

  async run(memory: RowMemory, call: RowCall, deadlineMs: number): Promise<number> {
    const started = performance.now();
    const stop = this.#stop = new AbortController();
    const late = AbortSignal.timeout(Math.min(Math.max(1, deadlineMs), MAX_TIMER));
    const signal = AbortSignal.any([stop.signal, late]);
    try {
      await this.#untilAccepted(memory, call, { signal, end: started + deadlineMs });
      return performance.now() - started;
    } catch (error) {
      if (stop.signal.aborted) throw callFault("it was stopped");
      throw late.aborted ? deadlineFault(deadlineMs) : callError(error, this.#address, deadlineMs);
    }
  }

  stop(): void {
    this.#stop?.abort();
  }

  forget(): void {}

  abandon(): boolean {
    this.stop();
    this.#channel[Symbol.dispose]();
    return true; // no native code holds the rows
  }

  close(): Promise<boolean> {
    return Promise.resolve(this.abandon());
  }

  /** Calls the server, again and again while it is full. */
  async #untilAccepted(
    memory: RowMemory,
    call: RowCall,
    { signal, end }: { signal: AbortSignal; end: number },
  ): Promise<void> {
    const outputs = memory.layout.outputs.map(({ name }) => name);
    const parts = inferRequest(this.served, requestOf(memory, call, this.#tensors), outputs);
    const infer = { path: methodPath("ModelInfer"), parts, maxBytes: maxAnswerBytes(memory, call) };
    for (let wait = FULL_MS;; wait = Math.min(2 * wait, FULL_MAX_MS)) {
      try {
        const timeoutMs = end - performance.now();
        const answer = readAnswer(await this.#channel.call({ ...infer, signal, timeoutMs }));
        this.#checkVersion(answer.version);
        return writeAnswer(answer.outputs, memory, call);
      } catch (error) {
        if (!(error instanceof GrpcStatus) || !isFull(error)) throw error;
      }
      // Lanes that wait for the same server should not all come back at once.
      await pause(wait * (0.5 + Math.random()), signal);
    }
  }

  /** A server may load another version of the model at any time. */
  #checkVersion(version: string): void {
    const known = this.served.version;
    if (version === "" || known === "" || version === known) return;
    throw new DeviceFault(
      "exit",
      `its model changed from version ${known} to ${version}`,
      { survived: false },
    );
  }
}
