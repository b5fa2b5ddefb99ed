/**
 * One feed, kept exact: a connection feeds a state; pages and lists that a stream cannot give are fetched.
 * @import { FeedOptions } from './types'
 */
import { Connection } from './connection.js';
import { isCurrent } from './protocol.js';
import { State } from './state.js';
import { getJSON, pollOnce } from './transports.js';

const REFILL_LIMIT = 100;

/** The page's filter, for updates that come in by themselves. */
const matcher = ({ tag, key }) => (update) => (!key || update.key) && (!tag || update.tags.includes(tag));

export class Feed {
  #abort = new AbortController();
  /** Changes that came while a page was on its way. */ #journals = new Set();
  /** Counts beginnings: a page asked for before the last one is of no use. */ #reign = 0;
  #filling = false;
  #more = null;
  /** Where the stream stands; a page may be ahead of it. @type {?string} */ #position = null;
  /** What the connection said last. */ #status = ['idle'];

  /** @param {FeedOptions} options */
  constructor({ url, page, limit = 20, filters = {}, onchange, onstatus, ...connection }) {
    Object.assign(this, { url, limit, onchange, onstatus });
    this.filters = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
    this.state = new State(matcher(this.filters));
    if (page) this.state.reset(page);
    this.#position = page?.position ?? null;
    this.connection = new Connection({
      ...connection,
      url,
      position: page?.position,
      prepare: page ? undefined : () => this.#first(),
      onmessage: (message) => this.#message(message),
      onstatus: (...status) => {
        this.#status = status;
        if (!this.#filling) onstatus(...status);
      },
    });
  }

  start() {
    this.connection.start();
  }

  close() {
    this.#reign++;
    this.#abort.abort();
    this.connection.close();
  }

  /** The next older page, into the state. Two calls at once are one. */
  more() {
    this.#more ??= this.#append(this.limit).finally(() => (this.#more = null));
    return this.#more;
  }

  /** A page to begin with, when the server rendered none. */
  async #first() {
    const { body } = await this.#get({ limit: this.limit });
    this.state.reset(body);
    this.onchange(this.state);
    return (this.#position = body.position);
  }

  #message(message) {
    if (message.type === 'ping') return;
    this.#position = message.position;
    if (message.type === 'change') this.#apply([message.change]);
    else if (message.type === 'sync' && message.recovered) this.#apply(message.changes);
    // A stream's snapshot knows neither our filter nor how much a page is here.
    else if (message.type === 'sync') this.#reload(Object.keys(this.filters).length ? null : message.snapshot);
  }

  #apply(changes) {
    for (const journal of this.#journals) journal.push(...changes);
    this.state.applyAll(changes);
    this.#changed();
  }

  #changed() {
    if (this.#filling) return;
    this.onchange(this.state);
    const { page, key } = this.state.stale;
    if (page) this.#reload(null);
    else if (key) this.#reloadKey();
  }

  /** Begin anew from a page, as deep as before; shown in one go. */
  async #reload(page) {
    const reign = ++this.#reign;
    const floor = this.state.floor ?? this.state.updates.at(-1);
    this.#filling = true;
    this.onstatus('catching-up');
    try {
      let changes = [];
      if (!page) ({ page, changes } = await this.#page({ limit: this.limit }));
      if (reign !== this.#reign) return;
      this.state.reset(page);
      this.state.applyAll(changes);
      while (reign === this.#reign && floor && !this.state.reaches(floor)) await this.#append(REFILL_LIMIT);
    } catch {
      if (reign === this.#reign) this.connection.resync();
    } finally {
      if (reign === this.#reign) {
        this.#filling = false;
        this.onstatus(...this.#status);
        this.#changed();
      }
    }
  }

  async #reloadKey() {
    this.state.stale.key = false;
    const reign = this.#reign;
    try {
      const { page, changes } = await this.#page({ limit: 1 });
      if (reign !== this.#reign) return;
      this.state.replaceKey(page, changes);
      this.#changed();
    } catch {
      if (reign === this.#reign) this.connection.resync();
    }
  }

  async #append(limit) {
    const reign = this.#reign;
    const { page, changes } = await this.#page({ limit, cursor: this.state.next });
    if (reign !== this.#reign) return;
    this.state.append(page, changes);
    this.#changed();
  }

  /** A page and all that changed since it was made, so that it is never older than what is shown. */
  async #page(params) {
    const journal = [];
    this.#journals.add(journal);
    try {
      const own = this.#position;
      for (const cache of ['default', 'reload']) {
        const { body: page } = await this.#get(params, cache);
        if (isCurrent(page.position, own)) return { page, changes: journal };
        const { body: sync } = await pollOnce(this.url, page.position, 0, this.#abort.signal);
        if (sync.recovered) return { page, changes: [...sync.changes, ...journal] };
      }
      throw new Error('the pages served are of another reign');
    } finally {
      this.#journals.delete(journal);
    }
  }

  #get(params, cache = 'default') {
    const query = new URLSearchParams({ ...params, ...this.filters });
    return getJSON(`${this.url}/updates?${query}`, { cache, signal: this.#abort.signal });
  }
}
