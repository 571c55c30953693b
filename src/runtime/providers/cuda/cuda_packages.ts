/**
 * NVIDIA's libraries that ONNX Runtime's CUDA provider uses, and the packages on PyPI that have
 * them.
 * @module
 */

/**
 * Start of a library's file name and of its package's, in the order in which libraries must be
 * opened: some need earlier ones.
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

/** Version in the names of libraries that do not carry CUDA's own. */
const CUFFT_OF_CUDA: Record<number, number> = { 11: 10, 12: 11, 13: 12 };

/** CUDA of ONNX Runtime's packages on PyPI now, where nothing tells another. */
export const CURRENT_CUDA = 13;

/** Position of a library among NVIDIA's; -1 for any other. */
function rank(soname: string): number {
  // cuDNN comes in parts, libcudnn_graph.so.9 and others.
  return PACKAGES.findIndex(([library]) =>
    soname.startsWith(`${library}.so`) || soname.startsWith(`${library}_`)
  );
}

/** Version behind `.so.`. */
function majorOf(soname: string): number {
  return Number(/\.so\.(\d+)/.exec(soname)?.[1] ?? NaN);
}

/** Whether a library is NVIDIA's, the driver's own aside. */
export function isCudaLibrary(soname: string): boolean {
  return rank(soname) >= 0;
}

/** CUDA's major version by the libraries whose names carry it. */
export function cudaMajor(sonames: readonly string[]): number {
  const named = sonames.find((soname) => /^lib(cudart|cublas|cublasLt|nvrtc)\.so\.\d/.test(soname));
  return named === undefined ? CURRENT_CUDA : majorOf(named);
}

/**
 * All that a provider with these needs must find, in the order to open them, and what it uses only
 * now and then.
 */
export function cudaLibraries(
  needed: readonly string[],
): { required: readonly string[]; optional: readonly string[] } {
  const own = needed.filter(isCudaLibrary);
  const major = cudaMajor(own);
  const has = (library: string) => own.some((soname) => soname.startsWith(`${library}.so`));
  // Newer providers open these by name when a node first wants them; every model here has
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
 * @param major CUDA's major version, for libraries that do not carry it in their name
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
