/** Sends a request to a hub: redirects, the token, stalls and refusals. @module */
import { NetworkError, ParataaError, PermissionError } from "../errors.ts";
import type { HubAddress } from "./hub_address.ts";
import { refusal } from "./hub_refusal.ts";
import { StallWatch } from "./stall_watch.ts";

const MAX_REDIRECTS = 10;

/** A request. */
export interface HubRequest {
  address: HubAddress;
  /** Path below the address, with its query. */
  path: string;
  /** Name of the requested thing in messages: `owner/name`, or a file of it. */
  what: string;
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds without a byte after which the request fails. */
  stallMs: number;
  signal?: AbortSignal;
}

/** A response with status 200, 206 or 416. The caller disposes it. */
export interface HubResponse extends Disposable {
  readonly status: number;
  readonly headers: Headers;
  /** Content hash that the hub itself sent; a redirect's target may omit it. */
  readonly linkedEtag: string | undefined;
  /** Host that sends the bytes. */
  readonly host: string;
  /** The body in pieces. @throws {TransientFault} if it ends early or stalls */
  pieces(): AsyncGenerator<Uint8Array>;
}

/**
 * Sends a request and follows redirects. The token is sent to the hub's own origin only. A redirect
 * from https to http, in a circle or to no address is refused.
 *
 * @throws {TransientFault} if a retry may succeed
 * @throws {NetworkError} if the hub refuses
 * @throws {PermissionError} if Deno may not connect to a host
 */
export async function hubRequest(request: HubRequest): Promise<HubResponse> {
  const watch = new StallWatch(request);
  try {
    return await follow(request, watch);
  } catch (error) {
    watch.stop();
    throw error;
  }
}

async function follow(request: HubRequest, watch: StallWatch): Promise<HubResponse> {
  const { address, what } = request;
  const seen = new Set<string>();
  let url = new URL(address.base + request.path);
  let linkedEtag: string | undefined;
  for (;;) {
    const response = await send(url, request, watch);
    const own = url.origin === address.origin;
    if (own) linkedEtag = contentHash(response.headers) ?? linkedEtag;
    if (response.status === 200 || response.status === 206 || response.status === 416) {
      return answer(response, { url, linkedEtag, watch });
    }
    await response.body?.cancel().catch(() => {});
    const target = redirectTarget(response, url, what);
    if (target === undefined) throw refusal(response, { address, what, host: url.host });
    seen.add(url.href);
    if (seen.has(target.href)) throw new NetworkError(`${what}: ${url.host} redirects in a circle`);
    if (seen.size > MAX_REDIRECTS) {
      throw new NetworkError(
        `${what}: more than ${MAX_REDIRECTS} redirects, the last to ${target.host}`,
      );
    }
    url = target;
  }
}

async function send(url: URL, request: HubRequest, watch: StallWatch): Promise<Response> {
  const { address: { origin, token }, what } = request;
  const headers = new Headers({ ...request.headers, "accept-encoding": "identity" });
  if (token !== undefined && url.origin === origin) headers.set("authorization", `Bearer ${token}`);
  try {
    return await fetch(url, { headers, redirect: "manual", signal: watch.signal });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionError(`${what}: ${url.host} may not be asked`, { hint: cause.message });
    }
    throw watch.fault(cause, `${what}: cannot reach ${url.host}`);
  }
}

/** Target of a redirect; `undefined` for other responses. */
function redirectTarget(
  { status, headers }: Response,
  from: URL,
  what: string,
): URL | undefined {
  const location = headers.get("location");
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return undefined;
  const target = URL.parse(location, from.href);
  const safe = target?.protocol === "https:" ||
    (target?.protocol === "http:" && from.protocol === "http:");
  if (target && safe && !target.username && !target.password) return target;
  // The address itself may contain a signature, so only its host is printed.
  const kind = target ? `an address of ${target.protocol}//${target.host}` : "no address";
  throw new NetworkError(
    `${what}: ${from.host} redirects to ${kind}, wanted https: without a user`,
  );
}

function answer(
  response: Response,
  { url: { host }, linkedEtag, watch }: { url: URL; linkedEtag?: string; watch: StallWatch },
): HubResponse {
  const { status, headers, body } = response;
  return {
    ...{ status, headers, linkedEtag, host },
    async *pieces() {
      try {
        for await (const piece of body ?? []) {
          watch.feed();
          yield piece;
          watch.feed(); // the reader's time does not count as a stall
        }
      } catch (cause) {
        if (cause instanceof ParataaError) throw cause;
        throw watch.fault(cause, `the answer of ${host} ends early`);
      }
    },
    [Symbol.dispose]() {
      watch.stop();
      body?.cancel().catch(() => {}); // fails while pieces() reads it
    },
  };
}

/**
 * SHA-256, or git's SHA-1, of a file from the headers of the hub. A mirror's own ETag is ignored,
 * because it may be anything.
 */
function contentHash(headers: Headers): string | undefined {
  const own = headers.has("x-repo-commit") ? headers.get("etag") : null;
  const etag = headers.get("x-linked-etag") ?? own;
  return /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag ?? "")?.[1];
}
