/** One request to a hub: redirects, the token, stalls and refusals. @module */
import { NetworkError, ParataaError, PermissionError } from "../errors.ts";
import type { HubAddress } from "./hub_address.ts";
import { refusal } from "./hub_refusal.ts";
import { StallWatch } from "./stall_watch.ts";

const MOST_REDIRECTS = 10;

/** What a request asks for. */
export interface HubRequest {
  address: HubAddress;
  /** Path below the address, with its query. */
  path: string;
  /** What is asked for, for messages: `owner/name`, or a file of it. */
  what: string;
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds without a byte after which the request has failed. */
  stallMs: number;
  signal?: AbortSignal;
}

/** An answer with status 200, 206 or 416. Close it. */
export interface HubAnswer extends Disposable {
  readonly status: number;
  readonly headers: Headers;
  /** Content hash of the file by the hub itself, which a redirect's target may not name. */
  readonly linkedEtag: string | undefined;
  /** Host that sends the bytes. */
  readonly host: string;
  /** The body in pieces. @throws {TransientFault} when it is cut or stalls */
  pieces(): AsyncGenerator<Uint8Array>;
}

/**
 * Sends a request and follows redirects. The token goes to the hub's own origin alone; a redirect
 * that leads from https to http, in a circle or to no address is refused.
 *
 * @throws {TransientFault} when asking again may help
 * @throws {NetworkError} when the hub refuses
 * @throws {PermissionError} when Deno may not connect to a host
 */
export async function hubRequest(request: HubRequest): Promise<HubAnswer> {
  const watch = new StallWatch(request);
  try {
    return await follow(request, watch);
  } catch (error) {
    watch.stop();
    throw error;
  }
}

async function follow(request: HubRequest, watch: StallWatch): Promise<HubAnswer> {
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
    if (seen.size > MOST_REDIRECTS) {
      throw new NetworkError(
        `${what}: more than ${MOST_REDIRECTS} redirects, the last to ${target.host}`,
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

/** Where a redirect leads; `undefined` for any other answer. */
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
  // The address itself may carry a signature: only its kind is told.
  const kind = target ? `an address of ${target.protocol}//${target.host}` : "no address";
  throw new NetworkError(
    `${what}: ${from.host} redirects to ${kind}, wanted https: without a user`,
  );
}

function answer(
  response: Response,
  { url: { host }, linkedEtag, watch }: { url: URL; linkedEtag?: string; watch: StallWatch },
): HubAnswer {
  const { status, headers, body } = response;
  return {
    ...{ status, headers, linkedEtag, host },
    async *pieces() {
      try {
        for await (const piece of body ?? []) {
          watch.feed();
          yield piece;
          watch.feed(); // time that the reader took is not the server's
        }
      } catch (cause) {
        if (cause instanceof ParataaError) throw cause;
        throw watch.fault(cause, `the answer of ${host} ends early`);
      }
    },
    [Symbol.dispose]() {
      watch.stop();
      body?.cancel().catch(() => {}); // a reader of it may be at work
    },
  };
}

/**
 * SHA-256, or git's SHA-1, of a file by the headers of the hub. A mirror's own ETag may be
 * anything.
 */
function contentHash(headers: Headers): string | undefined {
  const own = headers.has("x-repo-commit") ? headers.get("etag") : null;
  const etag = headers.get("x-linked-etag") ?? own;
  return /^(?:W\/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?$/.exec(etag ?? "")?.[1];
}
