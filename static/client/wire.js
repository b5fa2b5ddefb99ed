/**
 * The wire, as docs/protocol says it: messages, positions, requests, and the first way to carry the messages.
 * @import { Message, Position, Sink } from './types'
 */

/** Others are ignored: new ones may come. `presence` comes at the desk only. */
export const TYPES = ['sync', 'change', 'ping', 'bye', 'presence'];

/** A ping comes every 15 s: after so much silence the stream is dead, whatever the socket says. */
export const SILENCE_MS = 23_000;

/** Close codes with a meaning here; of others the range decides. */
export const CLOSE = { restart: 1012, overload: 1013, originRefused: 4503, noSuchFeed: 4504 };

/** 4500–4999: do not come back. */
export const isFinal = (code = 0) => code >= 4500 && code <= 4999;

/** The server said why it closed: the transport is well. */
export const isExplained = (code = 0) => code === CLOSE.restart || code === CLOSE.overload || (code >= 4000 && code <= 4999);

/** `epoch:offset` @param {?string} [text] @returns {?Position} */
export function parsePosition(text) {
  const match = /^([^:\s]+):(\d{1,15})$/.exec(text ?? '');
  return match && { epoch: match[1], offset: Number(match[2]) };
}

/** Null for what is no message: it will show as a gap. @param {string} text @returns {?Message} */
export function decode(text) {
  try {
    const message = JSON.parse(text);
    return TYPES.includes(message?.type) ? message : null;
  } catch {
    return null;
  }
}

/**
 * How a `change` or `ping` stands to the own position: `next`, `old` (seen before), or `gap` (something is
 * missing, or this is another reign's log: come back with the position). @param {?string} own @param {Message} message
 */
export function follows(own, message) {
  const [mine, theirs] = [parsePosition(own), parsePosition(message.position)];
  if (!mine || !theirs) return 'gap';
  const isPing = message.type === 'ping';
  if (theirs.offset > mine.offset) return !isPing && message.after <= mine.offset ? 'next' : 'gap';
  return theirs.epoch === mine.epoch || (isPing && theirs.offset === mine.offset) ? 'old' : 'gap';
}

/** Is a page at `theirs` surely as new as `own`? Two epochs cannot be compared. */
export function isCurrent(theirs, own) {
  if (!own) return true;
  const [a, b] = [parsePosition(theirs), parsePosition(own)];
  return !!a && !!b && a.epoch === b.epoch && a.offset >= b.offset;
}

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

/** Opens at `position`, tells a sink, and returns what undoes it; decides nothing. fallbacks.js has two others. @param {Sink} sink */
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
