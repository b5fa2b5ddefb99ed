/**
 * The wire, as docs/protocol says it. Pure: no I/O, no view.
 *
 * @typedef {{epoch: string, offset: number}} Position
 * @typedef {{op: string, update?: Update, id?: string, time?: string, feed?: object}} Change
 * @typedef {{id: string, rev: number, time: string, headline: string, html: string, pinned: boolean, key: boolean}} Update
 * @typedef {{id: string, time: string, headline: string}} KeyEvent
 * @typedef {{feed: object, position: string, updates: Update[], pinned: Update[], key: KeyEvent[], next: ?string, prev: ?string}} Page
 * @typedef {{type: string, position?: string, after?: number, change?: Change, changes?: Change[],
 *   recovered?: boolean, snapshot?: Page, readers?: number, reason?: string, retry?: ?number}} Message
 */

/** The types of message; others are ignored, as new ones may come. */
export const TYPES = ['sync', 'change', 'ping', 'bye'];

/** A ping comes every 15 s; this much silence and the stream is dead, whatever the socket says. */
export const SILENCE_MS = 35_000;

/** WebSocket close codes that the page has words for; otherwise the range decides. */
export const CLOSE = { restart: 1012, overload: 1013, originRefused: 4503, noSuchFeed: 4504 };

/** 4500–4999: do not come back. @param {number} [code] */
export const isFinal = (code = 0) => code >= 4500 && code <= 4999;

/** The server itself said why it closed: nothing is wrong with the transport. @param {number} [code] */
export const isExplained = (code = 0) => code === CLOSE.restart || code === CLOSE.overload || (code >= 4000 && code <= 4999);

/** @param {?string} [text] `epoch:offset` @returns {?Position} */
export function parsePosition(text) {
  const match = /^([^:\s]+):(\d{1,15})$/.exec(text ?? '');
  return match && { epoch: match[1], offset: Number(match[2]) };
}

/** @param {string} text @returns {?Message} null for what is no message: it will show as a gap */
export function decode(text) {
  try {
    const message = JSON.parse(text);
    return TYPES.includes(message?.type) ? message : null;
  } catch {
    return null;
  }
}

/**
 * How a `change` or `ping` stands to the reader's own position: `next` (it follows), `old` (seen before),
 * `gap` (something in between is missing, or this is another reign's log: come back with the position).
 * @param {?string} own @param {Message} message
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

/** Is a page at `theirs` at least as new as `own`? Two epochs cannot be compared: no. @param {?string} theirs @param {?string} own */
export function isCurrent(theirs, own) {
  if (!own) return true;
  const [a, b] = [parsePosition(theirs), parsePosition(own)];
  return !!a && !!b && a.epoch === b.epoch && a.offset >= b.offset;
}
