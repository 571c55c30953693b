/**
 * Ownership of native objects: who releases, when, and once.
 * @module
 */

const liveCounts = new Map<string, number>();

/**
 * How many native objects of each kind are alive in this thread: 0 everywhere when nothing leaks.
 */
export function liveHandles(): Record<string, number> {
  return Object.fromEntries(liveCounts);
}

function count(kind: string, step: 1 | -1): void {
  liveCounts.set(kind, (liveCounts.get(kind) ?? 0) + step);
}

/**
 * The native side of an {@link OwnedPointer}. It never refers to its owner, so a registry may hold
 * it. It is released once it is closed and no call uses it any more, its children before it.
 */
class Resource {
  #pointer: Deno.PointerObject | null;
  #uses = 0;
  #closed = false;
  readonly children: Set<Resource> = new Set();
  readonly kind: string;
  readonly #release: (pointer: Deno.PointerObject) => void;
  readonly parent: Resource | undefined;

  constructor(
    pointer: Deno.PointerObject,
    kind: string,
    release: (pointer: Deno.PointerObject) => void,
    parent: Resource | undefined,
  ) {
    this.#pointer = pointer;
    this.kind = kind;
    this.#release = release;
    this.parent = parent;
    parent?.children.add(this);
    count(kind, 1);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get pointer(): Deno.PointerObject {
    if (this.#closed || this.#pointer === null) throw new TypeError(`${this.kind} is closed`);
    return this.#pointer;
  }

  addUse(): void {
    void this.pointer;
    this.#uses++;
  }

  dropUse(): void {
    this.#uses--;
    this.#releaseWhenIdle();
  }

  close(): void {
    this.#closed = true;
    this.#releaseWhenIdle();
  }

  #releaseWhenIdle(): void {
    if (!this.#closed || this.#uses > 0) return;
    for (const child of this.children) child.close();
    const pointer = this.#pointer;
    // Null after the last child has come back here; children that are in use come back later.
    if (pointer === null || this.children.size > 0) return;
    this.#pointer = null;
    count(this.kind, -1);
    this.#release(pointer);
    if (!this.parent) return;
    this.parent.children.delete(this);
    this.parent.#releaseWhenIdle();
  }
}

// Holds resources, never owners: an owner that nobody reaches any more is collected, then its
// resource is closed.
const abandoned = new FinalizationRegistry<Resource>((resource) => resource.close());

/** How to release a native object. */
export interface OwnedPointerOptions {
  /** Name in messages and counts, e.g. `"InferenceSession"`. */
  kind: string;
  /** Releases the native object. Must not refer to the owner, or it would never be collected. */
  release: (pointer: Deno.PointerObject) => void;
  /** Owner that must be released after this one; closing it closes this one too. */
  parent?: OwnedPointer;
}

/**
 * The owner of one native object. `close()` may be called any number of times; while a call uses
 * the object, closing only marks it, and the last use releases it. An owner that is dropped without
 * `close()` is released when it is collected.
 */
export class OwnedPointer implements Disposable {
  /** @internal Only for owners whose parent this is. */
  readonly resource: Resource;

  /**
   * @param pointer the native object, which now belongs to this owner
   * @param options how to release it
   */
  constructor(pointer: Deno.PointerObject, options: OwnedPointerOptions) {
    this.resource = new Resource(
      pointer,
      options.kind,
      options.release,
      options.parent?.resource,
    );
    abandoned.register(this, this.resource, this);
  }

  /**
   * The bare pointer, good until the owner is closed or collected.
   *
   * @throws {TypeError} after `close()`
   */
  get unsafeHandle(): Deno.PointerObject {
    return this.resource.pointer;
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.resource.closed;
  }

  /** Begins a call that uses the native object; every `addUse` needs its {@link dropUse}. */
  addUse(): void {
    this.resource.addUse();
  }

  /** Ends a call that uses the native object. */
  dropUse(): void {
    this.resource.dropUse();
  }

  /** Releases the native object, now or after the last call that uses it. */
  close(): void {
    abandoned.unregister(this);
    this.resource.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
