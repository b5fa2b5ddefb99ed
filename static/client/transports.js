/**
 * Three ways to carry the same messages: this one, and two in fallbacks.js. Each opens at `position`, tells a sink,
 * and returns what undoes it; none decides anything or comes back by itself. @import { Sink } from './types'
 */
import { decode } from './protocol.js';

/** @param {?string} position */
export function address(url, path, position, params = {}) {
  const result = new URL(`${url}/${path}`);
  if (position) result.searchParams.set('after', position);
  for (const [name, value] of Object.entries(params)) result.searchParams.set(name, value);
  return result;
}

/** @param {string | URL} url @param {RequestInit} [init] */
export async function getJSON(url, init) {
  // To our own origin with the desk's cookie, which counts for drafts only; to other sites without any.
  const response = await fetch(url, { credentials: 'same-origin', ...init });
  const retryMs = Number(response.headers.get('retry-after')) * 1000;
  if (!response.ok) throw Object.assign(new Error(`${response.status} from ${url}`), { status: response.status, retryMs });
  const seconds = (name) => Number(response.headers.get('cache-control')?.match(`\\b${name}=(\\d+)`)?.[1] ?? 0);
  return { body: await response.json(), maxAge: seconds('max-age'), sharedMaxAge: seconds('s-maxage') };
}

/** One `sync`, waited for at most `wait` s. */
export const pollOnce = (url, position, wait, signal) => getJSON(address(url, 'changes', position, { wait }), { signal });

/** @param {Sink} sink */
export function ws(url, position, sink) {
  const target = address(url, 'socket', position);
  target.protocol = target.protocol.replace('http', 'ws');
  const socket = new WebSocket(target);
  socket.onmessage = (event) => sink.message(decode(event.data));
  socket.onclose = (event) => sink.end({ code: event.code });
  return () => {
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
}
