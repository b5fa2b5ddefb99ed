/** The state line: one quiet status in words, and beside it, for the eye alone, when it tries again. */
import { brief } from './time.js';
import { fillIn } from './words.js';

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
