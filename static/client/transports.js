/**
 * Three ways to carry the same messages. Each opens at `position`, tells a sink, and returns what undoes it;
 * none decides anything, none comes back by itself.
 *
 * @typedef {{message(message: import('./protocol.js').Message): void, end(why: {code?: number}): void}} Sink
 */
import { TYPES, decode } from './protocol.js';

const POLL_WAIT_S = 25;

/** @param {string} url of the feed's API @param {string} path @param {?string} position */
function address(url, path, position, params = {}) {
  const result = new URL(`${url}/${path}`);
  if (position) result.searchParams.set('after', position);
  for (const [name, value] of Object.entries(params)) result.searchParams.set(name, value);
  return result;
}

/** GET JSON without credentials. @param {string | URL} url @param {RequestInit} [init] */
export async function getJSON(url, init) {
  const response = await fetch(url, { credentials: 'omit', ...init });
  if (!response.ok) throw Object.assign(new Error(`${response.status} from ${url}`), { status: response.status });
  const maxAge = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '');
  return { body: await response.json(), maxAgeMs: 1000 * Number(maxAge?.[1] ?? 1) };
}

/** One `sync`. @param {string} url @param {?string} position @param {number} wait s @param {AbortSignal} [signal] */
export const pollOnce = (url, position, wait, signal) => getJSON(address(url, 'changes', position, { wait }), { signal });

/** @type {Record<string, (url: string, position: ?string, sink: Sink) => () => void>} */
export const transports = {
  ws(url, position, sink) {
    const target = address(url, 'socket', position);
    target.protocol = target.protocol.replace('http', 'ws');
    const socket = new WebSocket(target);
    socket.onmessage = (event) => sink.message(decode(event.data));
    socket.onclose = (event) => sink.end({ code: event.code });
    return () => {
      socket.onmessage = socket.onclose = null;
      socket.close();
    };
  },

  sse(url, position, sink) {
    const source = new EventSource(address(url, 'events', position));
    for (const type of TYPES) source.addEventListener(type, (event) => sink.message(decode(event.data)));
    // Its own reconnecting has no jitter and gives up for ever on some answers: ours decides instead.
    source.onerror = () => sink.end({});
    return () => source.close();
  },

  poll(url, position, sink) {
    const controller = new AbortController();
    const { signal } = controller;
    const run = async () => {
      // The first answer is asked for at once, so that the reader knows where it stands.
      for (let wait = 0; !signal.aborted; wait = POLL_WAIT_S) {
        const { body, maxAgeMs } = await pollOnce(url, position, wait, signal);
        position = body.position ?? position;
        sink.message(body);
        // Sooner, a cache would give the same answer again.
        await new Promise((resolve) => setTimeout(resolve, maxAgeMs));
      }
    };
    run().catch(() => signal.aborted || sink.end({}));
    return () => controller.abort();
  },
};
