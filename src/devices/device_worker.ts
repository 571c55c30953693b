/**
 * Entry of a device's Worker.
 * @module
 */
import { serveDevice } from "./device_service.ts";
import { openOrtRows } from "./rows/ort_rows.ts";

serveDevice(openOrtRows);
