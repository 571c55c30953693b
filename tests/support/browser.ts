/** Drives a headless Chromium over its DevTools protocol, without further packages. @module */
import { join } from "node:path";

/** Names of the browser's executable. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Returns the path of an installed Chromium, if there is one. */
export async function findChromium(): Promise<string | undefined> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
    }
  }
  return undefined;
}

type Message = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown };

/** Size and colour scheme of a page. */
export interface View {
  width: number;
  height: number;
  scheme: "light" | "dark";
}

/** An open page. */
export class Page implements AsyncDisposable {
  /** Console messages and uncaught errors. */
  readonly console: string[] = [];
  /** Requested addresses, without the page's own and data: URLs. */
  readonly requests: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  #session: string | undefined;
  #next = 1;

  private constructor(process: Deno.ChildProcess, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  /** Starts a browser and opens a file. */
  static async open(executable: string, file: string): Promise<Page> {
    const folder = await Deno.makeTempDir({ prefix: "parataa-browser-" });
    const process = new Deno.Command(executable, {
      args: [
        ...[
          "--headless=new",
          "--no-sandbox",
          "--disable-gpu",
          "--no-first-run",
          "--hide-scrollbars",
        ],
        ...[
          "--disable-background-networking",
          "--remote-debugging-port=0",
          `--user-data-dir=${folder}`,
        ],
        "about:blank",
      ],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const socket = new WebSocket(await addressOf(process));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const page = new Page(process, folder, socket);
    await page.#attach(`file://${file}`);
    return page;
  }

  async #attach(url: string): Promise<void> {
    const { targetId } = await this.#send("Target.createTarget", { url: "about:blank" });
    const flat = { targetId, flatten: true };
    const { sessionId } = await this.#send("Target.attachToTarget", flat);
    this.#session = String(sessionId);
    for (const domain of ["Runtime", "Log", "Network", "Page"]) {
      await this.#send(`${domain}.enable`);
    }
    await this.#send("Page.navigate", { url });
    await this.evaluate("new Promise(r => document.readyState === 'complete' ? r() : onload = r)");
  }

  /** Sets size and colours, and takes a screenshot as PNG. */
  async screenshot({ width, height, scheme }: View): Promise<Uint8Array> {
    await this.look({ width, height, scheme });
    const { data } = await this.#send("Page.captureScreenshot", { format: "png" });
    return Uint8Array.fromBase64(String(data));
  }

  /** Sets size and colours. */
  async look({ width, height, scheme }: View): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#send("Emulation.setDeviceMetricsOverride", metrics);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#send("Emulation.setEmulatedMedia", { features });
    await this.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
  }

  /** Presses a key once. */
  async press(key: string, code: number): Promise<void> {
    const event = { key, code: key, windowsVirtualKeyCode: code };
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Returns the value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      ...{ expression, awaitPromise: true, returnByValue: true },
    });
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value?: unknown }).value;
  }

  async #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    const { result, ...rest } = await answer;
    if (result === undefined) throw new Error(`${method}: ${JSON.stringify(rest)}`);
    return result as Record<string, unknown>;
  }

  #take(message: Message): void {
    const { id, method, params } = message;
    if (id !== undefined) this.#answers.get(id)?.(message);
    const told = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];
    if (method !== undefined && told.includes(method)) this.console.push(JSON.stringify(params));
    if (method === "Network.requestWillBeSent") {
      const { url } = (params as { request: { url: string } }).request;
      if (!url.startsWith("data:")) this.requests.push(url);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#process.kill("SIGKILL");
    await this.#process.stderr.cancel().catch(() => {});
    await this.#process.status;
    // Children of the browser may still be writing.
    await Deno.remove(this.#folder, { recursive: true }).catch(() => {});
  }
}

/** Reads the browser's messages up to its address. */
async function addressOf(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    const found = text.match(/DevTools listening on (ws:\S+)/);
    if (found) {
      (async () => { // continues to read, so that the browser is not blocked
        while (!(await reader.read()).done);
      })().catch(() => {});
      return found[1];
    }
    if (done) throw new Error(`the browser ended: ${text}`);
  }
}
