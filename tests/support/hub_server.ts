/**
 * A hub of models on loopback. Like the real one, it lists files, serves ranges and redirects large
 * files to a second server.
 * @module
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Commit of `main`. */
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Least size of a large file, which is identified by SHA-256 and stored on the second server. */
const LARGE = 64;

/** A received request. */
export interface SeenRequest {
  /** `hub`, or `storage` for the second server. */
  server: "hub" | "storage";
  path: string;
  headers: IncomingMessage["headers"];
}

/** Answers a request instead of the hub; `false` leaves it to the hub. */
export type Handler = (
  request: SeenRequest,
  response: ServerResponse,
  hub: FakeHub,
) => boolean | void | Promise<boolean | void>;

/** The hub of one test. */
export interface FakeHub {
  /** Address for `HF_ENDPOINT`. */
  endpoint: string;
  /** Address of the second server. */
  storage: string;
  requests: SeenRequest[];
  /** Files of the repository `owner/name`, by path. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Handler that is called first, if set. */
  handler: Handler | undefined;
}

/** Returns bytes that depend only on the length and a seed. */
export function bytesOf(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255);
}

/** Returns the hash of a git blob. */
export function gitHash(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Returns the SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Returns the listing's entry of a file. */
export function listed(path: string, bytes: Uint8Array): Record<string, unknown> {
  const size = bytes.length;
  const entry = { rfilename: path, size, blobId: gitHash(bytes) };
  return size < LARGE
    ? entry
    : { ...entry, lfs: { sha256: sha256(bytes), size, pointerSize: 130 } };
}

/** Runs `test` with a hub that serves `files`, and closes it. */
export async function withHub<T>(
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
  test: (hub: FakeHub) => Promise<T>,
): Promise<T> {
  const bytes = (file: string | Uint8Array<ArrayBuffer>) =>
    typeof file === "string" ? new TextEncoder().encode(file) : file;
  const hub: FakeHub = {
    ...{ endpoint: "", storage: "", requests: [], handler: undefined },
    files: new Map(Object.entries(files).map(([path, file]) => [path, bytes(file)])),
  };
  const servers = [start(hub, "hub"), start(hub, "storage")];
  [hub.endpoint, hub.storage] = await Promise.all(servers.map(address));
  try {
    return await test(hub);
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

function start(hub: FakeHub, name: SeenRequest["server"]): Server {
  const server = createServer(async (incoming, response) => {
    const request = { server: name, path: incoming.url ?? "", headers: incoming.headers };
    hub.requests.push(request);
    if (await hub.handler?.(request, response, hub)) return;
    (name === "hub" ? answerHub : answerStorage)(request, response, hub);
  });
  return server.listen(0, "127.0.0.1");
}

async function address(server: Server): Promise<string> {
  if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answerHub(request: SeenRequest, response: ServerResponse, hub: FakeHub): void {
  if (request.path === "/api/models/owner/name/revision/main?blobs=true") {
    return sendJson(response, {
      sha: COMMIT,
      siblings: [...hub.files].map(([path, bytes]) => listed(path, bytes)),
    });
  }
  const start = `/owner/name/resolve/${COMMIT}/`;
  const path = decodeURIComponent(request.path.slice(start.length));
  const file = request.path.startsWith(start) ? hub.files.get(path) : undefined;
  if (file === undefined) {
    response.writeHead(404, { "x-error-code": "RepoNotFound" }).end();
  } else if (file.length < LARGE) {
    sendFile(request, response, { bytes: file, etag: `"${gitHash(file)}"` });
  } else {
    const hash = sha256(file);
    const location = `${hub.storage}/${hash}?Signature=SECRET`;
    const linked = { "x-linked-etag": `"${hash}"`, "x-repo-commit": COMMIT };
    response.writeHead(302, { location, ...linked }).end();
  }
}

function answerStorage(request: SeenRequest, response: ServerResponse, hub: FakeHub): void {
  const hash = request.path.slice(1).split("?")[0];
  const bytes = [...hub.files.values()].find((file) => sha256(file) === hash);
  if (bytes === undefined) response.writeHead(404).end();
  else sendFile(request, response, { bytes, etag: `"storage-${hash.slice(0, 8)}"` });
}

/** Sends a body of JSON. */
export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** Returns the first byte of a requested range. */
export function rangeStart({ headers }: SeenRequest): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
}

/** Sends a file or the requested range; `cut` closes the connection after that number of bytes. */
export function sendFile(
  request: SeenRequest,
  response: ServerResponse,
  { bytes, etag, cut = Infinity }: { bytes: Uint8Array; etag: string; cut?: number },
): void {
  const condition = request.headers["if-range"];
  const from = condition === undefined || condition === etag ? rangeStart(request) : 0;
  const part = bytes.subarray(from);
  const range = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from > 0 ? 206 : 200, {
    ...{ etag, "content-length": part.length },
    ...from > 0 ? range : {},
  });
  if (part.length <= cut) response.end(part);
  else response.write(part.subarray(0, cut), () => response.destroy());
}
