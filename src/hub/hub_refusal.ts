/** Errors for a hub's refusals, with hints. @module */
import { NetworkError, type ParataaError, UsageError } from "../errors.ts";
import type { HubAddress } from "./hub_address.ts";
import { TransientFault } from "./transient_fault.ts";

const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The request, and the host that refused it. */
export interface RefusedRequest {
  address: HubAddress;
  what: string;
  /** Host that refused: the hub or a redirect's host. */
  host: string;
}

/** The error for a response that is neither a success nor a redirect. */
export function refusal({ status, headers }: Response, request: RefusedRequest): ParataaError {
  const { address, what, host } = request;
  if (TRANSIENT.has(status)) {
    const retryAfter = retryAfterMs(headers.get("retry-after"));
    return new TransientFault(`${what}: ${host} answers with status ${status}`, { retryAfter });
  }
  const failed = new NetworkError(`${what}: ${host} answers with status ${status}`);
  if (host !== address.host) return failed; // storage hosts check neither tokens nor names
  const code = headers.get("x-error-code");
  if (code === "RevisionNotFound") {
    return new UsageError(`${what}: there is no such revision on ${host}`, {
      hint: (name) => `${name("revision")} takes a branch, a tag or a commit; the default is main`,
    });
  }
  if (code === "GatedRepo" || status === 403) return gated(request, code);
  // The hub answers 401 for unknown repositories too, to keep private names secret.
  if (status === 404 || status === 401) return missing(request);
  return failed;
}

function gated({ address, what, host }: RefusedRequest, code: string | null): NetworkError {
  const why = code === "GatedRepo" ? "it is gated" : "status 403";
  const terms = code === "GatedRepo" ? "accept its terms on its page, then " : "";
  const hint = address.token === undefined
    ? `${terms}set HF_TOKEN to a token that may read it`
    : `${terms}check that the token in HF_TOKEN may read it`;
  return new NetworkError(`${what}: ${host} refuses access, ${why}`, { hint });
}

function missing({ address, what, host }: RefusedRequest): UsageError {
  const token = address.token === undefined ? "set HF_TOKEN" : "check HF_TOKEN";
  return new UsageError(`${what}: not found on ${host}, or private`, {
    hint: `check the spelling of owner/name (capitals count), for a private one ${token}`,
  });
}

/** Milliseconds of a `Retry-After`, in seconds or as a date. */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
