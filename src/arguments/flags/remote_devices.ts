/** Reads models on servers from `devices`, and the files that their connections need. @module */
import { PermissionError, UsageError } from "../../errors.ts";
import type { RemoteDevice, RemoteOptions } from "../../devices/remote/remote_device.ts";
import { readUserFile } from "../../storage/user_file.ts";
import type { ResolvedShared } from "../settings.ts";
import { shownValue } from "../../text.ts";

const SERVER =
  /^(grpcs?):\/\/((?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5})\/([\w.-]+)(?:\*([1-9]\d?))?$/;

/** `devices`, its servers apart from the devices of this machine. */
export interface SplitDevices {
  /** Text of the devices of this machine; empty if there are none. */
  local: string;
  servers: readonly RemoteDevice[];
}

/**
 * Splits `cpu:1,grpc://host:8001/model*2`: `grpcs` stands for TLS, `*2` for two connections.
 *
 * @throws {UsageError} if a server is not written so; a value that may hold a secret is not shown
 */
export function splitDevices(text: string): SplitDevices {
  const parts = text.split(",");
  const isServer = (part: string) => /^grpcs?:/i.test(part);
  return {
    local: parts.filter((part) => !isServer(part)).join(","),
    servers: parts.filter(isServer).flatMap(readServer),
  };
}

function readServer(text: string): RemoteDevice[] {
  const match = SERVER.exec(text);
  if (!match) {
    const found = /[@?#]/.test(text) ? "a server with a user, query or fragment" : shownValue(text);
    throw new UsageError(
      (name) => `${name("devices")} has ${found}, wanted grpc://host:port/model, or grpcs://`,
      { hint: (name) => `secrets belong in the file of ${name("deviceHeaders")}` },
    );
  }
  const [, scheme, host, model, lanes = "1"] = match;
  const tls = scheme === "grpcs";
  return Array.from({ length: Number(lanes) }, (_, lane) => ({ host, model, tls, lane }));
}

/** Settings of connections to servers. */
export type ConnectionSettings = Pick<ResolvedShared, "devices" | "deviceCa" | "deviceHeaders">;

/**
 * Reads certificates and headers, and checks that the hosts may be reached.
 *
 * @throws {PermissionError} naming the host that `--allow-net` lacks
 * @throws {UsageError} if a file is not what its setting takes; a header's value is never shown
 */
export async function connectionOptions(settings: ConnectionSettings): Promise<RemoteOptions> {
  const { deviceCa, deviceHeaders } = settings;
  for (const { host } of splitDevices(settings.devices).servers) await requireHost(host);
  return {
    ca: deviceCa === undefined ? undefined : await readCertificates(deviceCa),
    headers: deviceHeaders === undefined ? undefined : await readHeaders(deviceHeaders),
  };
}

async function requireHost(host: string): Promise<void> {
  if ((await Deno.permissions.query({ name: "net", host })).state === "granted") return;
  throw new PermissionError(
    (name) => `${name("devices")} names ${host}, which may not be reached`,
    {
      hint: `run again and add --allow-net=${host}`,
    },
  );
}

async function readCertificates(path: string): Promise<string> {
  const text = decode(await readUserFile("deviceCa", path));
  if (/^-----BEGIN CERTIFICATE-----$/m.test(text)) return text;
  throw new UsageError((name) => `${name("deviceCa")} ${path} holds no certificate in PEM`, {
    hint: "a PEM file has lines -----BEGIN CERTIFICATE-----",
  });
}

/** Names that the protocol itself sets. */
const OWN_HEADERS = /^(:.*|te|content-type|grpc-.*|connection|host)$/;

async function readHeaders(path: string): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const lines = decode(await readUserFile("deviceHeaders", path)).split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([\w.-]+)[ \t]*:[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*$/.exec(
      line,
    );
    const name = match?.[1].toLowerCase();
    if (!match || name === undefined || OWN_HEADERS.test(name) || Object.hasOwn(headers, name)) {
      throw new UsageError(
        (spell) => `${spell("deviceHeaders")} ${path}: line ${i + 1} is no header, or one too many`,
        { hint: "a line is name: value, each name once, as in authorization: Bearer …" },
      );
    }
    headers[name] = match[2];
  }
  return headers;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
