/** From Publish to this screen: how long it took until the readers' own stream brought it back and it was painted. */

const KEPT = 200;
const SOON_MS = 60_000;

class Effect extends EventTarget {
  /** When it was let go, by id, on this page's clock. @type {Map<string, number>} */ #pressed = new Map();
  /** @type {Map<string, number>} */ #took = new Map();

  /** It goes out now, or in a while. @param {string} id @param {number} [in_ms] */
  pressed(id, in_ms = 0) {
    this.#pressed.set(id, performance.now() + Math.max(0, in_ms));
  }

  /** The list, with what the stream brought, has been written. @param {{id: string}[]} updates */
  look(updates) {
    for (const { id } of updates) {
      const since = this.#pressed.get(id);
      if (since === undefined) continue;
      this.#pressed.delete(id);
      // After the frame that paints it; a hidden page paints nothing.
      const seen = () => setTimeout(() => this.#seen(id, performance.now() - since));
      if (document.hidden) seen();
      else requestAnimationFrame(seen);
    }
  }

  #seen(id, ms) {
    if (ms > SOON_MS) return;
    this.#took.set(id, Math.max(0, ms));
    if (this.#took.size > KEPT) this.#took.delete(this.#took.keys().next().value);
    this.dispatchEvent(new CustomEvent('seen', { detail: { id } }));
  }

  /** @param {string} id @returns {string} as 0.21 s; '': not known */
  of(id) {
    const ms = this.#took.get(id);
    return ms === undefined ? '' : `${(ms / 1000).toFixed(2)} s`;
  }

  /** In a sentence. @param {string} id */
  told(id) {
    return this.of(id) && `On screen after ${this.of(id)}`;
  }
}

export const effect = new Effect();
