/**
 * The server's clock, as far as it is known here: a computer's own may be minutes off, and countdowns must end when the server's do.
 * What an answer says the time was lies between sending and hearing it; each such pair narrows where the difference can be.
 */
const ON_THE_WAY_MS = 30;

export class Clock {
  #low = -Infinity;
  #high = Infinity;
  #close = false;

  /** The server's clock is ahead of ours by so many ms. */
  get ahead() {
    if (!Number.isFinite(this.#low)) return 0;
    const middle = Number.isFinite(this.#high) ? (this.#low + this.#high) / 2 : this.#low;
    return this.#close ? Math.min(this.#low + ON_THE_WAY_MS, middle) : middle;
  }

  /** Something that was changed at this moment has just been heard of: so close are few answers. @param {string} changed */
  heard(changed) {
    this.bound(Date.parse(changed) - Date.now());
    this.#close = true;
  }

  /** @param {number} low at least so much ahead @param {number} high at most so much, in ms */
  bound(low, high = Infinity) {
    if (!(low <= high)) return;
    const [lowest, highest] = [Math.max(low, this.#low), Math.min(high, this.#high)];
    // Contradicting what was known: one of the clocks was set meanwhile. The newest counts.
    if (lowest <= highest) [this.#low, this.#high] = [lowest, highest];
    else [this.#low, this.#high] = [low, high];
  }

  /** A `Date` header: whole seconds, and up to another second old. */
  answered(date, sent, heard) {
    const at = Date.parse(date);
    if (at) this.bound(at - heard, at + 2000 - sent);
  }

  /** The server's now, in ms since 1970. */
  now(here = Date.now()) {
    return here + this.ahead;
  }

  /** A moment of the server's, on this computer's clock. @param {string} time @returns {number} */
  here(time) {
    return Date.parse(time) - this.ahead;
  }
}

export const clock = new Clock();
