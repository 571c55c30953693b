/** Ownership of native objects: each is released exactly once, after its last use. @module */

const liveCounts = new Map<string, number>();

/**
 * Returns the number of live native objects in this thread, by kind. All counts are 0 if nothing
 * leaks.
 */
export function liveHandles(): Record<string, number> {
  return Object.fromEntries(liveCounts);
}

function count(kind: string, step: 1 | -1): void {
  liveCounts.set(kind, (liveCounts.get(kind) ?? 0) + step);
}

/**
 * The native side of an {@link OwnedPointer}. It never refers to its owner, so a registry may hold
 * it. It is released after its children, when it is closed and no call uses it.
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
    // Null after the last child has released it. Children in use call this again later.
    if (pointer === null || this.children.size > 0) return;
    this.#pointer = null;
    count(this.kind, -1);
    this.#release(pointer);
    if (!this.parent) return;
    this.parent.children.delete(this);
    this.parent.#releaseWhenIdle();
  }
}

// Holds resources, never owners: after an unreachable owner is collected, its resource is closed.
const abandoned = new FinalizationRegistry<Resource>((resource) => resource.close());

/** How to release a native object. */
export interface OwnedPointerOptions {
  /** Name in messages and counts, e.g. `"InferenceSession"`. */
  kind: string;
  /**
   * Releases the native object. Must not refer to the owner, which would then never be collected.
   */
  release: (pointer: Deno.PointerObject) => void;
  /** Owner that must be released after this one; closing it closes this one too. */
  parent?: OwnedPointer;
}

/**
 * The owner of one native object. `close()` may be called repeatedly. During a call it only marks
 * the object as closed; the end of the last call releases it. An owner that is dropped without
 * `close()` is released when it is collected.
 */
export class OwnedPointer implements Disposable {
  /**
   * @internal For owners whose parent this is.
   */
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
   * The raw pointer, valid until the owner is closed or collected.
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

  /**
   * Marks the start of a call that uses the native object. Every `addUse` needs a {@link dropUse}.
   */
  addUse(): void {
    this.resource.addUse();
  }

  /** Marks the end of a call that uses the native object. */
  dropUse(): void {
    this.resource.dropUse();
  }

  /** Releases the native object now, or after the last call that uses it. */
  close(): void {
    abandoned.unregister(this);
    this.resource.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
