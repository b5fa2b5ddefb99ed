/** How many readers each feed has at this moment. */
import { api } from './api.js';

const EVERY_MS = 15_000;

class Readers extends EventTarget {
  /** By slug. @type {Record<string, number>} */ counts = {};
  #timer = 0;

  /** From signing in on, while the page is seen. */
  start() {
    if (this.#timer) return;
    this.#timer = setInterval(() => this.ask(), EVERY_MS);
    document.addEventListener('visibilitychange', () => this.ask());
    this.ask();
  }

  async ask() {
    if (document.visibilityState !== 'visible') return;
    try {
      ({ readers: this.counts } = await api('GET', 'readers'));
      this.dispatchEvent(new Event('change'));
    } catch { /* the connection's state is said elsewhere; the number stays for a while */ }
  }

  /** @param {string} slug @returns {string} as “4,182 readers now”; '': not known */
  words(slug) {
    const count = this.counts[slug];
    if (count === undefined) return '';
    return count === 1 ? '1 reader now' : `${count.toLocaleString('en')} readers now`;
  }
}

export const readers = new Readers();
