/** The state of the desk's two streams, the readers' and its own, in one word that promises no more than the worse of them. */

const WORDS = {
  connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline', 'catching-up': 'Catching up', ended: 'Closed', refused: 'Not live',
};
const WORST = ['refused', 'offline', 'reconnecting', 'connecting', 'catching-up', 'ended', 'live'];

export class Standing {
  #parts = new Map();
  #timer = 0;
  #retryAt = 0;

  /** @param {HTMLElement} status @param {HTMLElement} countdown for the eye alone */
  constructor(status, countdown) {
    Object.assign(this, { status, countdown });
  }

  /** Of no feed. */
  clear() {
    this.#parts.clear();
    this.say();
  }

  /** @param {'feed' | 'desk'} part @param {string} name @param {{retryAt?: number}} [detail] */
  heard(part, name, detail = {}) {
    this.#parts.set(part, { name, retryAt: detail?.retryAt ?? 0 });
    this.say();
  }

  /** Is everything as it should be? */
  get isLive() {
    return this.#worst === 'live';
  }

  get #worst() {
    const names = [...this.#parts.values()].map(({ name }) => name);
    return WORST.find((name) => names.includes(name)) ?? '';
  }

  /** @param {string} [text] something else for once */
  say(text = WORDS[this.#worst] ?? '') {
    this.status.dataset.state = this.#worst;
    if (this.status.textContent !== text) this.status.textContent = text; // the same again would be read out again
    this.#retryAt = Math.max(...[...this.#parts.values()].filter(({ name }) => name === this.#worst).map(({ retryAt }) => retryAt), 0);
    clearInterval(this.#timer);
    if (this.#retryAt) this.#timer = setInterval(() => this.#count(), 1000);
    this.#count();
  }

  #count() {
    const seconds = Math.round((this.#retryAt - Date.now()) / 1000);
    this.countdown.textContent = seconds > 0 ? `retry in ${seconds} s` : '';
    if (!(seconds > 0)) clearInterval(this.#timer);
  }
}
