/**
 * The memory of a solver and the loops over it.
 * @module
 */
import { type Kernels, PLAIN_KERNELS } from "./plain_kernels.ts";
import { WASM_RESULTS, WASM_TURN, wasmKernels } from "./wasm_kernels.ts";

/**
 * Unused numbers between one row and the next. Rows whose distance is a multiple of 4096 bytes
 * share a few cache lines, and a loop over several of them would evict each by the next.
 */
export const ROW_PADDING = 24;

const PAGE = 65536, MOST_PAGES = 65536;

/** A memory with its loops, which lasts for one solver after another. */
interface Arena {
  readonly numbers: Float64Array;
  readonly kernels: Kernels;
  readonly isWasm: boolean;
}

/** Arenas of workspaces that were given back. The system may take them at any time. */
let spares: WeakRef<Arena>[] = [];

/**
 * Rows of one solver, and the loops over them: WebAssembly, or plain TypeScript where the length of
 * a row is no multiple of four, more than 4 GiB are needed or there is no WebAssembly.
 *
 * A workspace that is disposed of passes its memory on to the next one. A fresh memory costs as
 * much time as the loops, because the system clears every page at its first use.
 */
export class Workspace implements Disposable {
  readonly #arena: Arena;
  #used = WASM_RESULTS;

  /**
   * Opens a workspace for at most `rows` rows of `rowSize` elements.
   *
   * @throws {RangeError} if there is not enough memory
   */
  constructor(rows: number, rowSize: number) {
    const length = WASM_RESULTS + rows * (rowSize + ROW_PADDING);
    const isWasm = rowSize % WASM_TURN === 0;
    this.#arena = spareArena(length, isWasm) ?? newArena(length, isWasm);
  }

  /** The loops; their rows must lie in this workspace. */
  get kernels(): Kernels {
    return this.#arena.kernels;
  }

  /**
   * The next `length` numbers. They hold what an earlier solver left.
   *
   * @throws {RangeError} if the workspace is too small
   */
  allocate(length: number): Float64Array {
    const from = this.#used, { numbers } = this.#arena;
    this.#used += length;
    if (this.#used > numbers.length) throw new RangeError("the workspace is too small");
    return numbers.subarray(from, this.#used);
  }

  /** Gives the memory back. None of its rows may be used afterwards. */
  [Symbol.dispose](): void {
    if (this.#used < Infinity) spares.push(new WeakRef(this.#arena));
    this.#used = Infinity;
  }
}

/** Takes the smallest spare arena that is large enough. */
function spareArena(length: number, isWasm: boolean): Arena | undefined {
  let best: Arena | undefined;
  const live = spares.map((spare) => spare.deref()).filter((arena) => arena !== undefined);
  for (const arena of live) {
    const fits = arena.isWasm === isWasm && arena.numbers.length >= length;
    if (fits && arena.numbers.length < (best?.numbers.length ?? Infinity)) best = arena;
  }
  spares = spares.filter((spare) => ![best, undefined].includes(spare.deref()));
  return best;
}

function newArena(length: number, isWasm: boolean): Arena {
  const pages = Math.ceil(length * Float64Array.BYTES_PER_ELEMENT / PAGE);
  const memory = isWasm && pages <= MOST_PAGES ? wasmMemory(pages) : undefined;
  if (!memory) return { numbers: new Float64Array(length), kernels: PLAIN_KERNELS, isWasm };
  return { numbers: new Float64Array(memory.buffer), kernels: wasmKernels(memory), isWasm };
}

/** `undefined` without WebAssembly, or without the address space that its guard pages need. */
function wasmMemory(pages: number): WebAssembly.Memory | undefined {
  if (typeof WebAssembly === "undefined") return undefined;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    return undefined;
  }
}
