/** What is said beside the news: the state of the connection, and how much is new. */
import { h } from './article.js';
import { brief, fillIn, plural } from './language.js';

const ANNOUNCE_MS = 10_000;

/** The state line: one quiet status in words, and beside it, for the eye alone, when it tries again. */
export class StateLine {
  #status = '';
  /** When it was live for the last time. */ #since = Date.now();
  #retryAt = 0;
  #timer;

  /** @param {HTMLElement} status @param {HTMLElement} countdown */
  constructor(status, countdown, words) {
    Object.assign(this, { status, countdown, words });
  }

  close() {
    clearInterval(this.#timer);
  }

  /** @param {string} [status] of the connection; none: as before */
  show(feed, status = this.#status, detail = {}) {
    if (this.#status === 'live' && status !== 'live') this.#since = Date.now();
    this.#status = status;
    const shown = feed?.status === 'closed' ? 'ended' : status;
    const text = this.words.status[shown];
    if (text) {
      const said = fillIn(text, { time: feed && brief(this.#since, feed) });
      this.status.dataset.state = shown;
      if (this.status.textContent !== said) this.status.textContent = said;
    }
    this.#retryAt = shown === status ? detail.retryAt : 0;
    clearInterval(this.#timer);
    if (this.#retryAt) this.#timer = setInterval(() => this.#count(), 1000);
    this.#count();
  }

  #count() {
    const seconds = Math.round((this.#retryAt - Date.now()) / 1000);
    this.countdown.textContent = seconds > 0 ? fillIn(this.words.retry, { n: seconds }) : '';
    if (!(seconds > 0)) clearInterval(this.#timer);
  }
}

/** New updates that the reader has not seen: counted on a button and in the tab's title, told to who listens. */
export class Arrivals {
  /** Come since the last announcement. */ #untold = 0;
  #timer = null;

  /** @param {{list: HTMLElement, host: HTMLElement, titled: boolean, onbring(): void}} options */
  constructor({ list, host, titled, words, settings, onbring }) {
    Object.assign(this, { titled, words, settings });
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
    if (updates.some(({ breaking }) => breaking) && this.settings.get('chime')) import('./options.js').then(({ chime }) => chime(), () => {});
  }

  #announce() {
    this.announcer.textContent = this.#untold && this.settings.get('announce') !== false ? this.#say(this.#untold) : '';
    this.#timer = this.#untold ? setTimeout(() => this.#announce(), ANNOUNCE_MS) : null;
    this.#untold = 0;
  }

  #say(n, shown) {
    return plural(this.words.new, n, this.words.lang, shown);
  }
}
