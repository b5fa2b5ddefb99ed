/** What is on the desk and not yet published, kept exact by the desk's own stream; and who else is here. */
import { Connection } from '../client/connection.js';
import { api, itemPath } from './api.js';
import { clock } from './clock.js';

const SIGNED_OUT = 4505;

/** The server's list. Pure. */
export class ItemList {
  /** @type {Map<string, object>} */ #items = new Map();
  #gone = new Set();

  /** @param {object[]} items */
  reset(items) {
    this.#items = new Map(items.map((item) => [item.id, item]));
    this.#gone.clear();
  }

  /** @returns {boolean} whether it was news */
  put(item) {
    if (this.#gone.has(item.id) || (this.#items.get(item.id)?.rev ?? 0) >= item.rev) return false;
    this.#items.set(item.id, item);
    return true;
  }

  drop(id) {
    this.#gone.add(id);
    return this.#items.delete(id);
  }

  get(id) {
    return this.#items.get(id) ?? null;
  }

  has(id) {
    return this.#items.has(id);
  }

  /** Those of a state, the newest first. @param {string} state */
  of(state) {
    return [...this.#items.values()].filter((item) => item.state === state)
      .sort((a, b) => (a.created < b.created || (a.created === b.created && a.id < b.id) ? 1 : -1));
  }
}

export class Items extends ItemList {
  /** The first list has come. */ ready = false;

  /**
   * @param {string} feed
   * @param {{onchange: (changes: ?object[]) => void, onpeople: (people: object[]) => void, onstatus: (name: string, detail?: object) => void, onrevoked: () => void}} hooks
   *   `onchange`: null: the list is a new one
   */
  constructor(feed, hooks) {
    super();
    Object.assign(this, { feed, hooks });
    this.connection = new Connection({
      url: `${location.origin}/v1/feeds/${feed}/desk`,
      transports: ['ws', 'sse'],
      memory: new Map(),
      access: () => this.#access(),
      onmessage: (message) => this.#message(message),
      onstatus: (name, detail) => {
        hooks.onstatus(name, detail);
        if (name === 'refused' && (detail?.code === SIGNED_OUT || detail?.reason === 'revoked' || detail?.allowed === false)) hooks.onrevoked();
      },
    });
  }

  start() {
    this.connection.start();
  }

  close() {
    this.connection.close();
  }

  /** What an answer said, before the stream does. @param {object} item */
  tell(item) {
    clock.heard(item.changed);
    if (this.put(item)) this.hooks.onchange([{ op: 'item', item }]);
  }

  /** @param {string} id @param {boolean} published */
  untell(id, published) {
    if (this.drop(id)) this.hooks.onchange([{ op: 'item-delete', id, published }]);
  }

  async #access() {
    try {
      await api('GET', itemPath(this.feed));
      return { exists: true, allowed: true };
    } catch (error) {
      if (error.status === 401 || error.status === 403) return { exists: true, allowed: false };
      return error.status === 404 ? { exists: false } : null;
    }
  }

  #message(message) {
    if (message.type === 'presence') return this.hooks.onpeople(message.people);
    if (message.type === 'sync' && !message.recovered) {
      this.reset(message.snapshot.items);
      this.ready = true;
      return this.hooks.onchange(null);
    }
    const changes = message.type === 'sync' ? message.changes : message.type === 'change' ? [message.change] : [];
    for (const { op, item, id } of changes) {
      if (op === 'item' && message.type === 'change') clock.heard(item.changed);
      if (op === 'item') this.put(item);
      else if (op === 'item-delete') this.drop(id);
    }
    if (changes.length) this.hooks.onchange(changes);
  }
}
