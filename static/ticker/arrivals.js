/** New updates that the reader has not seen: counted on a button and in the tab's title, told to who listens. */
import { h } from './article.js';
import { plural } from './words.js';

const ANNOUNCE_MS = 10_000;

export class Arrivals {
  #words;
  #settings;
  /** Come since the last announcement. */ #untold = 0;
  #timer = null;

  /** @param {{list: HTMLElement, host: HTMLElement, titled: boolean, onbring(): void}} options */
  constructor({ list, host, titled, words, settings, onbring }) {
    this.#words = words;
    this.#settings = settings;
    this.titled = titled;
    this.button = h('button', { type: 'button', hidden: '' });
    this.button.addEventListener('click', onbring);
    this.announcer = h('p', { class: 'announcer unseen', 'aria-live': 'polite' });
    list.before(h('p', { class: 'arrivals' }, this.button));
    host.append(this.announcer);
  }

  close() {
    clearTimeout(this.#timer);
    this.button.parentElement.remove();
    this.announcer.remove();
  }

  /** How many wait. @param {number} n @param {boolean} uncounted there are more */
  show(n, uncounted) {
    const shown = uncounted ? `${n}+` : n;
    this.button.hidden = !n;
    this.button.textContent = this.#say(n, shown);
    if (this.titled) document.title = (n ? `(${shown}) ` : '') + document.title.replace(/^\(\d+\+?\) /, '');
  }

  /** Tells, not too often, that so many came. @param {Update[]} updates */
  tell(updates) {
    this.#untold += updates.length;
    if (!this.#timer) this.#announce();
    if (updates.some(({ breaking }) => breaking) && this.#settings.get('chime')) import('./options.js').then(({ chime }) => chime(), () => {});
  }

  #announce() {
    this.announcer.textContent = this.#untold && this.#settings.get('announce') !== false ? this.#say(this.#untold) : '';
    this.#timer = this.#untold ? setTimeout(() => this.#announce(), ANNOUNCE_MS) : null;
    this.#untold = 0;
  }

  #say(n, shown) {
    return plural(this.#words.new, n, this.#words.lang, shown);
  }
}
