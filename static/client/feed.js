/**
 * One feed, kept exact: a connection feeds a state; pages and lists that a stream cannot give are fetched.
 * @import { FeedOptions } from './types'
 */
import { Connection } from './connection.js';
import { State } from './state.js';
import { getJSON, isCurrent, pollOnce } from './wire.js';

const PAGE_LIMIT = 100;
/** How many neighbours are tried when what was read is gone. */
const NEIGHBOURS = 5;

/** The page's filter, for updates that come in by themselves. */
const matcher = ({ tag, key }) => (update) => (!key || update.key) && (!tag || update.tags.includes(tag));

export class Feed {
  #abort = new AbortController();
  /** Changes that came while a page was on its way. */ #journals = new Set();
  /** Counts beginnings: a page asked for before the last one is of no use. */ #reign = 0;
  #filling = false;
  /** Extensions on their way, by end. */ #extending = {};
  /** Where the stream stands; a page may be ahead of it. @type {?string} */ #position = null;
  /** What the connection said last. */ #status = ['idle'];

  /** @param {FeedOptions} options */
  constructor({ url, page, limit = 20, query = {}, place = () => [], connect = (options) => new Connection(options), onchange, onstatus, ...connection }) {
    Object.assign(this, { url, limit, place, onchange, onstatus });
    this.query = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
    this.state = new State(matcher(this.query), query.order === 'oldest');
    // An empty page in the middle says nothing of what it would hold.
    if (page && !page.updates.length && page.prev) page = null;
    if (page) this.state.reset(page);
    this.#position = page?.position ?? null;
    this.connection = connect({
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

  /** The page behind what is loaded, into the state. Two calls at once are one. */
  more() {
    return this.#extend('next');
  }

  /** The page before it. */
  newer() {
    return this.#extend('prev');
  }

  /** Begin anew around an update. */
  around(id) {
    return this.#renew(() => this.#page({ limit: this.limit, around: id }));
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
    else if (message.type === 'sync') this.#reload(message.snapshot);
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
    if (page) this.#reload();
    else if (key) this.#reloadKey();
  }

  /** Begin anew, shown in one go. What changes meanwhile is kept for it. */
  async #renew(load) {
    const reign = ++this.#reign;
    const journal = [];
    this.#journals.add(journal);
    this.#filling = true;
    try {
      const { page, newest, changes } = await load();
      if (reign !== this.#reign) return;
      this.state.reset(page, newest);
      this.state.applyAll([...changes, ...journal]);
    } finally {
      this.#journals.delete(journal);
      if (reign === this.#reign) {
        this.#filling = false;
        this.onstatus(...this.#status);
        this.#changed();
      }
    }
  }

  /** Where the reader is, or the top, as if the page were opened now. */
  async #reload(snapshot) {
    const limit = Math.min(PAGE_LIMIT, Math.max(this.limit, this.state.updates.length));
    // A stream's snapshot knows neither our filter and order nor how much a page is here.
    const fits = snapshot && !Object.keys(this.query).length && (!snapshot.next || snapshot.updates.length >= limit);
    this.onstatus('catching-up');
    const renewal = this.#renew(async () => {
      const newest = fits ? { page: snapshot, changes: [] } : await this.#page({ limit });
      const here = await this.#surroundings(limit);
      return here ? { page: here.page, newest: newest.page, changes: [...newest.changes, ...here.changes] } : newest;
    });
    const reign = this.#reign;
    await renewal.catch(() => reign === this.#reign && this.connection.resync());
  }

  /** A page around what the reader looks at, or else around its neighbour. */
  async #surroundings(limit) {
    for (const around of this.place().slice(0, NEIGHBOURS)) {
      try {
        return await this.#page({ limit, around });
      } catch (error) {
        if (error.status !== 404 && error.status !== 410) throw error;
      }
    }
    return null;
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

  #extend(end) {
    const extension = async () => {
      const reign = this.#reign;
      const { page, changes } = await this.#page({ limit: this.limit, cursor: this.state[end] });
      if (reign !== this.#reign) return;
      this.state[end === 'next' ? 'append' : 'prepend'](page, changes);
      this.#changed();
    };
    this.#extending[end] ??= extension().finally(() => delete this.#extending[end]);
    return this.#extending[end];
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
    const query = new URLSearchParams({ ...this.query, ...params });
    return getJSON(`${this.url}/updates?${query}`, { cache, signal: this.#abort.signal });
  }
}
