/**
 * HTTP/2 pings during a call, which detect an unreachable host before the deadline.
 * @module
 */
import type { ClientHttp2Session } from "node:http2";

/** When to ping, and how long to wait for the answer. */
export interface PingTimes {
  /** Milliseconds before each ping; the last one repeats. */
  readonly after: readonly number[];
  /** Milliseconds after which a ping counts as unanswered. */
  readonly patience: number;
}

/**
 * gRPC's servers close a connection after more than two pings that are less than five minutes apart
 * and follow no data (github.com/grpc/grpc/blob/master/doc/keepalive.md); the first is free.
 */
export const PINGS: PingTimes = { after: [5_000, 10_000, 30_000, 310_000], patience: 15_000 };

/**
 * Pings until it is stopped.
 *
 * @param dead called if a ping is not answered
 * @returns stops the pings
 */
export function pingDuring(
  session: ClientHttp2Session,
  { after, patience }: PingTimes,
  dead: (seconds: number) => void,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined, stopped = false;
  const wait = (pings: number) => {
    if (stopped) return;
    timer = setTimeout(() => {
      if (session.closed || session.destroyed) return;
      timer = setTimeout(() => dead(patience / 1000), patience);
      session.ping((error) => {
        if (error || stopped) return;
        clearTimeout(timer);
        wait(pings + 1);
      });
    }, after[Math.min(pings, after.length - 1)]);
  };
  wait(0);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
