/** Ids as the server makes them (livefeed/core/ids.py): ULIDs in lower case. Pure but for the clock and the dice. */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** @param {number} [now] ms since 1970 @returns {string} 26 characters, later ones sort after earlier ones */
export function newId(now = Date.now()) {
  let time = '';
  for (let rest = now; time.length < 10; rest = Math.floor(rest / 32)) time = CROCKFORD[rest % 32] + time;
  return time + Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => CROCKFORD[byte & 31]).join('');
}
