/**
 * A registry of npm packages on loopback. Under every name of a lock file it serves a package of
 * two short files.
 * @module
 */

/** A package of `deno.lock`, by `name@version`. */
export interface LockedPackage {
  integrity: string;
  dependencies?: string[];
  scripts?: boolean;
}

/** A started registry. */
export interface Registry extends AsyncDisposable {
  url: string;
  /** Served packages, by `name@version`. */
  served: Readonly<Record<string, Served>>;
}

/** Hash and address of a package, as in a lock file. */
export interface Served {
  integrity: string;
  /** Address of the package. Without it, Deno before 2.9.5 uses npm's own registry. */
  tarball: string;
}

/** Name and version of `@scope/name@1.2.3`. */
export function splitId(id: string): [name: string, version: string] {
  const at = id.lastIndexOf("@");
  return [id.slice(0, at), id.slice(at + 1)];
}

/** Serves a package for each id, all with these lifecycle scripts. */
export async function startRegistry(
  ids: Iterable<string>,
  scripts: Readonly<Record<string, string>>,
): Promise<Registry> {
  const answers = new Map<string, () => Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const answer = answers.get(decodeURIComponent(new URL(request.url).pathname));
    return answer?.() ?? new Response(null, { status: 404 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const served: Record<string, Served> = {};
  for (const id of ids) {
    const [name, version] = splitId(id);
    const manifest = { name, version, main: "index.js", scripts };
    const tarball = await pack({
      "package/package.json": JSON.stringify(manifest),
      "package/index.js": "exports.name = __filename;",
    });
    const hash = await crypto.subtle.digest("SHA-512", tarball);
    const path = `${name}/-/${name.split("/").at(-1)}-${version}.tgz`;
    const dist = {
      integrity: `sha512-${new Uint8Array(hash).toBase64()}`,
      tarball: `${url}${path}`,
    };
    served[id] = dist;
    answers.set(`/${path}`, () => new Response(tarball));
    answers.set(`/${name}`, () => {
      const versions = { [version]: { ...manifest, hasInstallScript: true, dist } };
      return Response.json({ name, "dist-tags": { latest: version }, versions });
    });
  }
  return { url, served, [Symbol.asyncDispose]: () => server.shutdown() };
}

const BLOCK = 512;

/** Packs small files into a gzipped tar. */
async function pack(files: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const data = new TextEncoder().encode(text);
    return [header(name, data.length), data, new Uint8Array(-data.length & (BLOCK - 1))];
  });
  const tar = new Blob([...blocks, new Uint8Array(2 * BLOCK)]).stream();
  const packed = tar.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** Returns a POSIX ustar header. The checksum counts its own field as spaces. */
function header(name: string, size: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  put(124, `${octal(size, 11)}\0${octal(0, 11)}\0`);
  put(148, `${" ".repeat(8)}0`);
  put(257, "ustar\x0000");
  put(148, `${octal(block.reduce((sum, byte) => sum + byte), 6)}\0 `);
  return block;
}
