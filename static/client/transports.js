/**
 * Three ways to carry the same messages. Each opens at `position`, tells a sink, and returns what undoes it;
 * none decides anything or comes back by itself. @import { Sink } from './types'
 */
import { TYPES, decode } from './protocol.js';

const POLL_WAIT_S = 25;

function address(url, path, position, params = {}) {
  const result = new URL(`${url}/${path}`);
  if (position) result.searchParams.set('after', position);
  for (const [name, value] of Object.entries(params)) result.searchParams.set(name, value);
  return result;
}

/** @param {string | URL} url @param {RequestInit} [init] */
export async function getJSON(url, init) {
  // To our own origin with the desk's cookie, which counts for drafts only; to other sites without any.
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  if (!response.ok) throw Object.assign(new Error(`${response.status} from ${url}`), { status: response.status });
  const seconds = (name) => Number(response.headers.get('cache-control')?.match(`\\b${name}=(\\d+)`)?.[1] ?? 0);
  return { body: await response.json(), maxAge: seconds('max-age'), sharedMaxAge: seconds('s-maxage') };
}

/** One `sync`, waited for at most `wait` s. */
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
        const { body, maxAge, sharedMaxAge } = await pollOnce(url, position, wait, signal);
        // To the same question a cache on the way would give the same answer, at once.
        const rest = body.position === position ? Math.max(maxAge, sharedMaxAge, 1) : maxAge;
        position = body.position ?? position;
        sink.message(body);
        await new Promise((resolve) => setTimeout(resolve, rest * 1000));
      }
    };
    run().catch(() => signal.aborted || sink.end({}));
    return () => controller.abort();
  },
};
