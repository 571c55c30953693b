/**
 * The placement of a network's nodes: those that a provider does not support run on the CPU.
 * @module
 */
import { minorOf } from "../../ffi/bind_api.ts";
import { OutPointer, pointerAt, pointerFromAddress, readCString } from "../../ffi/pointer.ts";
import { type Environment, sharedOf } from "./environment.ts";
import { type InferenceSession, lendSession } from "./inference_session.ts";
import { PROVIDERS } from "./providers/provider_table.ts";

/** Session configuration with which ONNX Runtime records the placement. */
export const RECORD_PLACEMENT: Readonly<Record<string, string>> = {
  "session.record_ep_graph_assignment_info": "1",
};

/** Minor version of ONNX Runtime that introduced the record. */
const SINCE_MINOR = 24;

/** Numbers of nodes by placement. */
export interface Placement {
  /** Nodes whose placement was recorded. */
  readonly nodes: number;
  /** Nodes that the session's provider does not run. */
  readonly onCpu: number;
}

/**
 * The placement of a session's nodes; `undefined` if the library does not record it.
 *
 * @param session created with {@link RECORD_PLACEMENT}
 */
export function placementOf(env: Environment, session: InferenceSession): Placement | undefined {
  if (minorOf(env.version) < SINCE_MINOR) return undefined;
  const { library: { api } } = sharedOf(env);
  const native = pointerFromAddress(lendSession(session).address);
  const list = new OutPointer(), count = new BigUint64Array(1), out = new OutPointer();
  api.Session_GetEpGraphAssignmentInfo(native, list.cell, count);
  let nodes = 0, onCpu = 0;
  for (let i = 0; i < Number(count[0]); i++) {
    const part = pointerAt(list.object, i);
    api.EpAssignedSubgraph_GetEpName(part, out.cell);
    const provider = readCString(out.pointer);
    const size = new BigUint64Array(1);
    api.EpAssignedSubgraph_GetNodes(part, out.cell, size);
    nodes += Number(size[0]);
    if (provider === PROVIDERS.cpu.epName) onCpu += Number(size[0]);
  }
  // For some networks ONNX Runtime records nothing.
  return nodes === 0 ? undefined : { nodes, onCpu };
}
