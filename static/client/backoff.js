/**
 * Full jitter: anything between nothing and a ceiling that doubles. Of the usual shapes it spreads a crowd
 * that lost the same server best (AWS, "Exponential Backoff and Jitter").
 */
export class Backoff {
  #tries = 0;

  constructor({ baseMs = 1000, capMs = 30_000, random = Math.random } = {}) {
    Object.assign(this, { baseMs, capMs, random });
  }

  /** @returns {number} how many ms to wait before the next try */
  next() {
    return this.random() * Math.min(this.capMs, this.baseMs * 2 ** this.#tries++);
  }

  reset() {
    this.#tries = 0;
  }
}
