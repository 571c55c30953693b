/**
 * NVIDIA's libraries that ONNX Runtime's CUDA provider uses, and the packages on PyPI that have
 * them.
 * @module
 */

/**
 * Prefixes of the libraries' file names and names of their packages, in the order in which the
 * libraries must be opened.
 */
const PACKAGES: readonly (readonly [library: string, packageName: string])[] = [
  ["libcudart", "nvidia-cuda-runtime"],
  ["libnvJitLink", "nvidia-nvjitlink"],
  ["libcublasLt", "nvidia-cublas"],
  ["libcublas", "nvidia-cublas"],
  ["libcurand", "nvidia-curand"],
  ["libcufft", "nvidia-cufft"],
  ["libnvrtc", "nvidia-cuda-nvrtc"],
  ["libcudnn", "nvidia-cudnn"],
];

/** Version in the name of libcufft, by CUDA's version. */
const CUFFT_OF_CUDA: Record<number, number> = { 11: 10, 12: 11, 13: 12 };

/** CUDA version of ONNX Runtime's current packages on PyPI, used if the version is unknown. */
export const CURRENT_CUDA = 13;

/** Position of a library among NVIDIA's; -1 for any other. */
function rank(soname: string): number {
  // cuDNN comes in parts, libcudnn_graph.so.9 and others.
  return PACKAGES.findIndex(([library]) =>
    soname.startsWith(`${library}.so`) || soname.startsWith(`${library}_`)
  );
}

/** Version after `.so.`. */
function majorOf(soname: string): number {
  return Number(/\.so\.(\d+)/.exec(soname)?.[1] ?? NaN);
}

/** Whether a library is one of NVIDIA's, except those of the driver. */
export function isCudaLibrary(soname: string): boolean {
  return rank(soname) >= 0;
}

/** CUDA's major version, from the names of libraries that contain it. */
export function cudaMajor(sonames: readonly string[]): number {
  const named = sonames.find((soname) => /^lib(cudart|cublas|cublasLt|nvrtc)\.so\.\d/.test(soname));
  return named === undefined ? CURRENT_CUDA : majorOf(named);
}

/**
 * The libraries that a provider requires, in the order to open them, and those that it uses only
 * for some networks.
 */
export function cudaLibraries(
  needed: readonly string[],
): { required: readonly string[]; optional: readonly string[] } {
  const own = needed.filter(isCudaLibrary);
  const major = cudaMajor(own);
  const has = (library: string) => own.some((soname) => soname.startsWith(`${library}.so`));
  // Newer providers open these by name for the first node that needs them, and every model has
  // convolutions.
  const required = has("libcudnn") ? own : [...own, "libcudnn.so.9"];
  const optional = [
    ...(has("libcufft") ? [] : [`libcufft.so.${CUFFT_OF_CUDA[major] ?? major - 1}`]),
    ...(has("libnvrtc") ? [] : [`libnvrtc.so.${major}`]),
  ];
  return { required: required.toSorted((a, b) => rank(a) - rank(b)), optional };
}

/**
 * The package on PyPI that has a library; `undefined` for a library that is not NVIDIA's.
 *
 * @param soname such as "libcublasLt.so.13"
 * @param major CUDA's major version, for libraries whose names do not contain it
 */
export function packageOf(soname: string, major: number = CURRENT_CUDA): string | undefined {
  const [, name] = PACKAGES[rank(soname)] ?? [];
  if (name === undefined) return undefined;
  const cuda = /^lib(cudart|cublas|nvrtc)/.test(soname) ? majorOf(soname) || major : major;
  if (name === "nvidia-cudnn") {
    const version = majorOf(soname) || 9;
    return version === 9 ? `nvidia-cudnn-cu${cuda}` : `nvidia-cudnn-cu${cuda}==${version}.*`;
  }
  // The wheels of CUDA 13 dropped the suffix.
  return cuda >= 13 ? name : `${name}-cu${cuda}`;
}
