/** The wire, as docs/protocol says it. Pure. @import { Message, Position } from './types' */

/** Others are ignored: new ones may come. */
export const TYPES = ['sync', 'change', 'ping', 'bye'];

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
  const mine = parsePosition(own);
  const theirs = parsePosition(message.position);
  if (!mine || !theirs) return 'gap';
  const seen = theirs.offset <= mine.offset;
  if (seen && theirs.epoch !== mine.epoch && theirs.offset < mine.offset) return 'gap';
  if (message.type === 'ping') return seen ? 'old' : 'gap';
  if (seen) return theirs.epoch === mine.epoch ? 'old' : 'gap';
  return (message.after ?? Infinity) > mine.offset ? 'gap' : 'next';
}

/** Is a page at `theirs` surely as new as `own`? Two epochs cannot be compared. */
export function isCurrent(theirs, own) {
  if (!own) return true;
  const [a, b] = [parsePosition(theirs), parsePosition(own)];
  return !!a && !!b && a.epoch === b.epoch && a.offset >= b.offset;
}
