/** Who else is at the desk, and what they are editing. This tab tells of itself every 10 s and when that changes. */
import { newKey, session } from './api.js';

const EVERY_MS = 10_000;

class Presence extends EventTarget {
  /** Of this tab. */ key = newKey();
  /** @type {{name: string, key: string, editing: ?string}[]} */ people = [];
  /** @type {?string} */ #feed = null;
  /** What is edited here, the latest last. @type {string[]} */ #editing = [];
  #timer = 0;

  constructor() {
    super();
    addEventListener('pagehide', () => this.#leave());
    addEventListener('pageshow', (event) => event.persisted && this.#tell());
  }

  /** @param {?string} feed null: signed out */
  at(feed) {
    if (feed === this.#feed) return;
    this.#leave();
    this.#feed = feed;
    this.#editing = [];
    this.hear([]);
    this.#tell();
  }

  /** @param {string} id of an update or item, whose editing begins here, or ends */
  edit(id, begins = true) {
    const before = this.#editing.at(-1);
    this.#editing = [...this.#editing.filter((one) => one !== id), ...(begins ? [id] : [])];
    if (this.#editing.at(-1) !== before) this.#tell();
  }

  /** What the stream says. */
  hear(people) {
    const shown = JSON.stringify(people) !== JSON.stringify(this.people);
    this.people = people;
    if (shown) this.dispatchEvent(new Event('change'));
  }

  /** Each once, this one too. @returns {string[]} */
  get names() {
    return [...new Set(this.people.map(({ name }) => name))].sort((a, b) => a.localeCompare(b));
  }

  /** Who edits it elsewhere. @param {string} id @returns {string[]} */
  editors(id) {
    return [...new Set(this.people.filter(({ key, editing }) => key !== this.key && editing === id).map(({ name }) => name))];
  }

  #tell() {
    clearTimeout(this.#timer);
    if (!this.#feed) return;
    this.#post({ key: this.key, editing: this.#editing.at(-1) ?? null });
    this.#timer = setTimeout(() => this.#tell(), EVERY_MS);
  }

  #leave() {
    clearTimeout(this.#timer);
    if (this.#feed) this.#post({ key: this.key, leave: true });
  }

  /** Not a request whose failing says anything: the streams tell what is wrong. */
  async #post(body) {
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), keepalive: true };
    try {
      const { status } = await fetch(`/v1/feeds/${this.#feed}/presence`, options);
      if (status === 401) session.dispatchEvent(new Event('signedout'));
    } catch { /* offline */ }
  }
}

export const presence = new Presence();
