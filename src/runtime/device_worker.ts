/**
 * Entry of a device's Worker.
 * @module
 */
import { serveDevice } from "./devices/device_service.ts";
import { openOrtRows } from "./devices/ort_rows.ts";

serveDevice(openOrtRows);
