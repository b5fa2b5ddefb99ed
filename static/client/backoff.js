/** Full jitter: anything up to a ceiling that doubles, so that a crowd that lost its server comes back spread out. */
export class Backoff {
  #tries = 0;

  constructor({ baseMs = 1000, capMs = 30_000, random = Math.random } = {}) {
    Object.assign(this, { baseMs, capMs, random });
  }

  /** @returns {number} ms to wait before the next try */
  next() {
    return this.random() * Math.min(this.capMs, this.baseMs * 2 ** this.#tries++);
  }

  reset() {
    this.#tries = 0;
  }
}
