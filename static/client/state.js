/**
 * What a reader holds: the updates at or above the oldest (time, id) it has loaded, plus the pinned and key lists.
 * Pure; after any `sync` it is what a fresh load of the same range gives.
 * @import { FeedInfo, KeyEvent, Update } from './types'
 */

/** The key list is the newest so many. */
const KEY_LIMIT = 50;

/** Newest first, as Redis orders a sorted set backwards: score (time in ms), then member (id, ASCII). */
export const compare = (a, b) => Date.parse(b.time) - Date.parse(a.time) || (a.id < b.id ? 1 : Number(a.id > b.id) * -1);

function insert(list, item) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(list[middle], item) < 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, item);
}

function remove(list, id) {
  const at = list.findIndex((item) => item.id === id);
  return at < 0 ? null : list.splice(at, 1)[0];
}

export class State {
  /** @type {?FeedInfo} */ feed = null;
  /** @type {Update[]} */ updates = [];
  /** @type {Update[]} */ pinned = [];
  /** @type {KeyEvent[]} */ key = [];
  /** Cursor of what is older. @type {?string} */ next = null;
  /** The oldest loaded; null: there is nothing older. @type {?{time: string, id: string}} */ floor = null;
  /** Something came that only a refetch of the page, or of the key list, puts right. */
  stale = { page: false, key: false };

  /** Newest rev of every update heard of, held or not. */ #revs = new Map();
  #gone = new Set();

  /** @param {(update: Update) => boolean} [matches] the page's filter */
  constructor(matches = () => true) {
    this.matches = matches;
  }

  /** A new beginning: earlier revs and deletions may be of a reign that is lost. */
  reset(page) {
    this.#revs = new Map([...page.updates, ...page.pinned].map(({ id, rev }) => [id, rev]));
    this.#gone.clear();
    this.stale = { page: false, key: false };
    this.feed = page.feed;
    this.updates = [...page.updates];
    this.pinned = [...page.pinned];
    this.key = [...page.key];
    this.#bound(page);
  }

  /** The page after `next`. What changed since it was made belongs to it. */
  append(page, changes = []) {
    this.#bound(page);
    for (const update of page.updates) this.#put(update);
    this.applyAll(changes);
  }

  /** The key list of a newer page. */
  replaceKey(page, changes = []) {
    this.key = [...page.key];
    this.stale.key = false;
    this.applyAll(changes);
  }

  applyAll(changes) {
    for (const change of changes) this.apply(change);
  }

  apply(change) {
    if (change.op === 'put') this.#put(change.update);
    else if (change.op === 'delete') this.#delete(change.id);
    else if (change.op === 'feed') this.feed = change.feed;
    else this.stale.page = true;
  }

  /** Is everything down to `floor` loaded? */
  reaches(floor) {
    return !this.floor || (!!floor && compare(this.floor, floor) >= 0);
  }

  #bound(page) {
    this.next = page.next;
    // Stays when that update is deleted or re-timed: all above it is still known.
    this.floor = page.next ? page.updates.at(-1) ?? this.floor : null;
  }

  #put(update) {
    // The same rev again is no news, but may now be in range: a page brought what a change told of before.
    if (this.#gone.has(update.id) || update.rev < (this.#revs.get(update.id) ?? 0)) return;
    this.#revs.set(update.id, update.rev);
    remove(this.updates, update.id);
    if (this.reaches(update) && this.matches(update)) insert(this.updates, update);
    remove(this.pinned, update.id);
    if (update.pinned) insert(this.pinned, update);
    this.#putKey(update);
  }

  #putKey({ id, time, headline, key }) {
    const full = this.key.length >= KEY_LIMIT;
    const last = this.key.at(-1);
    const was = remove(this.key, id);
    const event = { id, time, headline };
    // Below the end of a full list nobody here knows what else there is.
    if (full && (!key || compare(event, last) > 0)) {
      if (was) this.stale.key = true;
    } else if (key) {
      insert(this.key, event);
      this.key.length = Math.min(this.key.length, KEY_LIMIT);
    }
  }

  #delete(id) {
    this.#gone.add(id);
    remove(this.updates, id);
    remove(this.pinned, id);
    const full = this.key.length >= KEY_LIMIT;
    if (remove(this.key, id) && full) this.stale.key = true;
  }
}
