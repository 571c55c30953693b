/**
 * Where a device's Worker starts.
 * @module
 */

let url = new URL("./device_worker.ts", import.meta.url);

/** Module that the Workers start with. */
export function deviceWorkerUrl(): URL {
  return url;
}

/** Another module in its place, that calls `serveDevice` too: a bundle's own entry, the faulty devices of the tests. */
export function setDeviceWorkerUrl(other: URL): void {
  url = other;
}
