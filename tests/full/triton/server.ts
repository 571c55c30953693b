/** Starts the Triton of PyPI's nvidia-pytriton on loopback. @module */
import assert from "node:assert/strict";
import { join } from "node:path";

/** A virtual environment with nvidia-pytriton and onnxruntime. */
export interface Installation {
  /** Folder of the environment. */
  venv: string;
  /** Folder of its packages. */
  site: string;
  /** Python's version, `3.11`. */
  python: string;
}

/** Makes the environment, about half a minute with a fast connection. */
export async function install(venv: string): Promise<void> {
  const run = async (command: string, ...args: string[]) => {
    const { success } = await new Deno.Command(command, { args }).spawn().status;
    assert.ok(success, `${command} ${args.join(" ")} failed`);
  };
  await run("python3", "-m", "venv", venv);
  await run(join(venv, "bin/pip"), "install", "--quiet", "nvidia-pytriton", "onnxruntime");
}

/** Finds what {@link install} made. */
export function installationIn(venv: string): Installation {
  const [{ name }] = [...Deno.readDirSync(join(venv, "lib"))];
  return { venv, site: join(venv, "lib", name, "site-packages"), python: name.slice(6) };
}

/** A running server. */
export interface Triton extends AsyncDisposable {
  host: string;
  httpHost: string;
  signal(name: Deno.Signal): void;
  /** Ends it; by default as `kill -9` does. */
  stop(name?: Deno.Signal): Promise<void>;
}

/** Options of {@link startTriton}. */
export interface TritonOptions {
  repository: string;
  port?: number;
  flags?: readonly string[];
}

/** Starts a server and waits until it is ready. */
export async function startTriton(
  { venv, site, python }: Installation,
  { repository, port = freePort(), flags = [] }: TritonOptions,
): Promise<Triton> {
  const server = join(site, "pytriton/tritonserver");
  // The Python backend wants its stub for this Python beside it.
  const name = "triton_python_backend_stub", stub = join(server, "backends/python", name);
  const present = await Deno.stat(stub).then(() => true, () => false);
  if (!present) await Deno.copyFile(join(server, "python_backend_stubs", python, name), stub);
  const [http, metrics] = [freePort(), freePort()];
  // Not a pipe: a stub that outlives a killed server would keep it open.
  const log = join(repository, "..", "triton.log");
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", 'exec "$@" 2>"$LOG"', "sh", join(server, "bin/tritonserver")],
      ...["--model-repository", repository, "--backend-directory", join(server, "backends")],
      ...["--http-address", "127.0.0.1", "--http-port", `${http}`],
      ...["--grpc-address", "127.0.0.1", "--grpc-port", `${port}`],
      ...["--metrics-address", "127.0.0.1", "--metrics-port", `${metrics}`],
      ...["--allow-gpu-metrics", "false", "--exit-timeout-secs", "1", ...flags],
    ],
    env: {
      LD_LIBRARY_PATH: join(site, "nvidia_pytriton.libs"),
      PATH: `${join(venv, "bin")}:${Deno.env.get("PATH")}`,
      PYTHONPATH: site,
      LOG: log,
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = child.status.then(() => ended = true);
  const stop = async (name: Deno.Signal = "SIGKILL") => {
    if (!ended) child.kill(name);
    await status;
  };
  for (;;) {
    if (ended) assert.fail(`tritonserver ended: ${(await Deno.readTextFile(log)).slice(-2000)}`);
    const ready = await fetch(`http://127.0.0.1:${http}/v2/health/ready`)
      .then(async (answer) => (await answer.body?.cancel(), answer.ok), () => false);
    if (ready) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    host: `127.0.0.1:${port}`,
    httpHost: `127.0.0.1:${http}`,
    signal: (name) => child.kill(name),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
