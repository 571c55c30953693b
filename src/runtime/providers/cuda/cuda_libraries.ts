/**
 * Finds and opens the libraries of NVIDIA's that ONNX Runtime's CUDA provider needs, so that its
 * own loading finds them: no `LD_LIBRARY_PATH` is needed.
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { preload } from "../../../../ffi/preload.ts";
import { PermissionError } from "../../../errors.ts";
import { cudaUnavailable, noProviderLibrary } from "./cuda_failure.ts";
import { cudaLibraries, cudaMajor, packageOf } from "./cuda_packages.ts";
import type { Environment } from "../../environment.ts";
import type { LoadedLibrary } from "../provider_row.ts";
import { readSharedObject, type SharedObject } from "../shared_object.ts";

const PROVIDER = "libonnxruntime_providers_cuda.so";
const BRIDGE = "libonnxruntime_providers_shared.so";

/**
 * Folders of NVIDIA's wheels below `site-packages/nvidia`: all in one since CUDA 13, one each
 * before.
 */
const WHEEL_FOLDERS = [
  "cu13",
  "cuda_runtime",
  "nvjitlink",
  "cublas",
  "curand",
  "cufft",
  "cuda_nvrtc",
  "cudnn",
];

/** Where toolkits install themselves; the loader's own search comes first. */
const SYSTEM_FOLDERS = ["/usr/local/cuda/lib64"];

/** Options of {@link loadCudaLibraries}. */
export interface CudaLibraryOptions {
  /**
   * Folder of NVIDIA's libraries, or one that holds them in the layout of their wheels
   * (`nvidia/…/lib`).
   */
  folder?: string;
}

/**
 * Checks ONNX Runtime's own CUDA libraries and opens NVIDIA's that they need.
 *
 * @returns the libraries opened; empty where ONNX Runtime was found by the system, whose folder is
 * not known
 * @throws {PermissionError} when the provider's library may not be read
 * @throws {RuntimeLibraryError} naming every library that is missing, the packages that have them
 * and the places tried; or when core and provider are of different versions
 */
export function loadCudaLibraries(
  env: Environment,
  { folder }: CudaLibraryOptions = {},
): readonly LoadedLibrary[] {
  if (!/[\\/]/.test(env.libraryPath) || Deno.build.os !== "linux") return [];
  const home = dirname(resolve(env.libraryPath));
  const provider = readProvider(home);
  checkVersions(env, home, provider);
  const { required, optional } = cudaLibraries(provider.needed);
  const places = searchPlaces(home, folder);
  const loaded = optional.map((soname) => openFirst(soname, places));
  const opened = required.map((soname) => openFirst(soname, places));
  const missing = opened.filter((attempt) => attempt.path === undefined);
  if (missing.length > 0) throw missingError(missing, { places, major: cudaMajor(required) });
  return [...opened, ...loaded].flatMap(({ soname, path }) => path ? [{ soname, path }] : []);
}

function readProvider(home: string): SharedObject {
  for (const library of [BRIDGE, PROVIDER]) requireFile(join(home, library));
  return readSharedObject(join(home, PROVIDER));
}

function requireFile(path: string): void {
  const { state } = Deno.permissions.querySync({ name: "read", path });
  if (state !== "granted") {
    throw new PermissionError(`cannot check ${path}: reading is not granted`, {
      hint: `run again with --allow-read=${dirname(path)} added`,
    });
  }
  try {
    Deno.statSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw noProviderLibrary(basename(path), cause);
  }
}

/**
 * ONNX Runtime loads a provider of any version, and the result is undefined. The provider's
 * only mark is the version among its constants.
 */
function checkVersions(env: Environment, home: string, { constants }: SharedObject): void {
  if (constants.includes(`\0${env.version}\0`)) return;
  const versions = new Set(constants.match(/(?<=\0)1\.(1[7-9]|[2-9]\d)\.\d+(?=\0)/g));
  if (versions.size !== 1) return; // not as it is built today: nothing can be said
  const [version] = versions;
  throw cudaUnavailable(
    `ONNX Runtime is ${env.version} but ${join(home, PROVIDER)} is of ${version}`,
    `take both from one wheel: onnxruntime-gpu==${env.version}`,
  );
}

interface Attempt {
  readonly soname: string;
  /** What it was opened by; absent when it was not. */
  readonly path?: string;
  /** Files that are there and cannot be opened, and why. */
  readonly broken: readonly string[];
}

/** Folders of the search, and their name in an error. */
interface Place {
  readonly name: string;
  /** Absolute paths; "" is the loader's own search. */
  readonly folders: readonly string[];
}

function searchPlaces(home: string, given: string | undefined): Place[] {
  const plain = (folder: string): Place => ({ name: folder, folders: [folder] });
  const wheels = (root: string): Place => ({
    name: join(root, "*", "lib"),
    folders: WHEEL_FOLDERS.map((name) => join(root, name, "lib")),
  });
  const folder = given === undefined ? undefined : resolve(given);
  const named = folder === undefined
    ? []
    : [plain(folder), wheels(join(folder, "nvidia")), wheels(folder)];
  return [
    ...named,
    plain(home),
    // site-packages/onnxruntime/capi beside site-packages/nvidia: one environment.
    wheels(join(home, "..", "..", "nvidia")),
    { name: "the system's own search", folders: [""] },
    ...SYSTEM_FOLDERS.map(plain),
  ];
}

function openFirst(soname: string, places: readonly Place[]): Attempt {
  const broken: string[] = [];
  for (const folder of places.flatMap(({ folders }) => folders)) {
    const path = join(folder, soname);
    const failure = preload(path);
    if (!failure) return { soname, path, broken };
    if (!failure.missing) broken.push(`${path}: ${failure.reason}`);
  }
  return { soname, broken };
}

function missingError(
  missing: readonly Attempt[],
  { places, major }: { places: readonly Place[]; major: number },
): Error {
  const packages = new Map<string, string[]>();
  for (const { soname } of missing) {
    const name = packageOf(soname, major) ?? "?";
    packages.set(name, [...packages.get(name) ?? [], soname]);
  }
  const lacking = [...packages].map(([name, sonames]) =>
    `${sonames.join(" and ")} (PyPI: ${name})`
  );
  const broken = missing.flatMap((attempt) => attempt.broken);
  const because = broken.length > 0 ? `; unusable: ${broken.join("; ")}` : "";
  return cudaUnavailable(
    `${lacking.join(", ")} not found; tried ${places.map(({ name }) => name).join(", ")}${because}`,
    "--cuda_libs names the folder of NVIDIA's libraries, or the one that holds nvidia/",
  );
}
