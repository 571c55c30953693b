/** Address of a hub, and the token for it. @module */
import { UsageError } from "../errors.ts";
import { shown } from "../text.ts";

/** Host of the default hub. */
export const HUB_HOST = "huggingface.co";

/** Hosts that a download needs: the hub, and its storage, to which it redirects. */
export const HUB_HOSTS: readonly string[] = [HUB_HOST, "*.hf.co"];

/** A hub. */
export interface HubAddress {
  /** Base address, without trailing slash. */
  readonly base: string;
  /** Scheme, host and port. The token is sent to this origin only. */
  readonly origin: string;
  /** Host and port, for messages. */
  readonly host: string;
  /** Access token. Never part of a message. */
  readonly token: string | undefined;
}

/**
 * Checks an endpoint and a token.
 *
 * @param options.endpoint address of a hub or a mirror; absent or empty: the default hub
 * @param options.token access token; absent or empty: none
 * @throws {UsageError} if one of them is malformed, or the token would be sent without encryption
 */
export function hubAddress(
  options: { endpoint?: string; token?: string } = {},
): HubAddress {
  const url = endpointUrl(options.endpoint || `https://${HUB_HOST}`);
  const token = options.token?.trim() || undefined;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError("the hub's token has spaces, line breaks or characters outside ASCII", {
      hint: "set HF_TOKEN to the token alone",
    });
  }
  if (token !== undefined && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new UsageError(`the token would be sent to ${url.host} without encryption`, {
      hint: "use an endpoint that begins with https:, or unset HF_TOKEN",
    });
  }
  const base = url.href.replace(/\/+$/, "");
  return { base, origin: url.origin, host: url.host, token };
}

function endpointUrl(endpoint: string): URL {
  const url = URL.parse(endpoint);
  const plain = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash;
  // A password would be printed with the address.
  if (plain && !url.username && !url.password) return url;
  const secret = url?.username || url?.password;
  const met = secret ? "an address with a user or password" : shown(endpoint);
  throw new UsageError(`the hub's endpoint is ${met}, wanted an address such as https://HOST`, {
    hint: "correct HF_ENDPOINT, or unset it",
  });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
