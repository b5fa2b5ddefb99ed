/**
 * What a reader holds: the updates from `top` to `bottom` in reading order, plus the pinned and key lists.
 * Pure; after any `sync` it is what a fresh load of the same range gives.
 * @import { FeedInfo, KeyEvent, Place, Update } from './types'
 */

/** The key list is the newest so many. */
const KEY_LIMIT = 50;

/** Newest first, as Redis orders a sorted set backwards: score (time in ms), then member (id, ASCII). */
export const compare = (a, b) => Date.parse(b.time) - Date.parse(a.time) || (a.id < b.id ? 1 : Number(a.id > b.id) * -1);

function insert(list, item, order) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(list[middle], item) < 0) low = middle + 1;
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
  /** Cursors of what lies before and behind. @type {?string} */ prev = null;
  /** @type {?string} */ next = null;
  /** The ends of what is loaded; null: nothing lies beyond. @type {?Place} */ top = null;
  /** @type {?Place} */ bottom = null;
  /** Something came that only a refetch of the page, or of the key list, puts right. */
  stale = { page: false, key: false };
  /** New ones that the reader has not been shown yet, loaded or not. @type {Map<string, Update>} */ fresh = new Map();
  /** There are more of them than could be counted. */
  uncounted = false;

  /** Newest rev of every update heard of, held or not. */ #revs = new Map();
  #gone = new Set();
  /** When the last update heard of was published. */ #latest = '';

  /** @param {(update: Update) => boolean} [matches] the page's filter */
  constructor(matches = () => true, oldest = false) {
    this.matches = matches;
    this.order = oldest ? (a, b) => compare(b, a) : compare;
  }

  /**
   * A new beginning: earlier revs and deletions may be of a reign that is lost. `newest`: the page at the end
   * where news come, if that is another one.
   */
  reset(page, newest = page) {
    const [known, fresh, since] = [this.#revs, this.fresh, this.#latest];
    const isNew = ({ id, published }) => fresh.has(id) || (!known.has(id) && since && published > since);
    this.#revs = new Map();
    this.#gone.clear();
    this.stale = { page: false, key: false };
    this.feed = page.feed;
    this.updates = [...page.updates];
    this.pinned = [...page.pinned];
    this.key = [...page.key];
    for (const update of [...page.updates, ...page.pinned, ...newest.updates]) this.#know(update);
    const found = newest.updates.filter(this.matches);
    this.fresh = new Map([...page.updates, ...found].filter(isNew).map((update) => [update.id, update]));
    this.uncounted = !!newest.next && found.length > 0 && found.every(isNew);
    this.#begin(page);
    this.#end(page);
  }

  /** The page behind `next`. What changed since it was made belongs to it. */
  append(page, changes) {
    this.#end(page);
    this.#add(page, changes);
  }

  /** The page before `prev`. */
  prepend(page, changes) {
    this.#begin(page);
    this.#add(page, changes);
  }

  /** The key list of a newer page. */
  replaceKey(page, changes) {
    this.key = [...page.key];
    this.stale.key = false;
    this.applyAll(changes);
  }

  applyAll(changes) {
    const since = this.#latest;
    for (const { op, update, id, feed } of changes) {
      if (op === 'put') this.#put(update, since);
      else if (op === 'delete') this.#delete(id);
      else if (op === 'feed') this.feed = feed;
      else this.stale.page = true;
    }
  }

  /** Is this still an update's newest revision, so far as is known? */
  knows(id, rev) {
    return this.#revs.get(id) === rev && !this.#gone.has(id);
  }

  /** Would an update of this place be loaded? @param {Place} place */
  covers(place) {
    return !(this.top && this.order(place, this.top) < 0) && !(this.bottom && this.order(place, this.bottom) > 0);
  }

  // An end stays when its update is deleted or re-timed: all on this side of it is still known.

  #begin({ prev, updates }) {
    this.prev = prev;
    this.top = prev ? updates[0] ?? this.top : null;
  }

  #end({ next, updates }) {
    this.next = next;
    this.bottom = next ? updates.at(-1) ?? this.bottom : null;
  }

  #add(page, changes) {
    for (const update of page.updates) {
      this.#put(update, '~');
      this.fresh.delete(update.id);
    }
    this.applyAll(changes);
  }

  #know({ id, rev, published }) {
    this.#revs.set(id, rev);
    if (published > this.#latest) this.#latest = published;
  }

  #put(update, since) {
    const { id, rev, published, pinned } = update;
    const known = this.#revs.get(id) ?? 0;
    // The same rev again is no news, but may now be in range: a page brought what a change told of before.
    if (this.#gone.has(id) || rev < known) return;
    this.#know(update);
    const matches = this.matches(update);
    if (this.fresh.delete(id) || (!known && published > since)) matches && this.fresh.set(id, update);
    remove(this.updates, id);
    if (matches && this.covers(update)) insert(this.updates, update, this.order);
    remove(this.pinned, id);
    if (pinned) insert(this.pinned, update, compare);
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
      insert(this.key, event, compare);
      this.key.length = Math.min(this.key.length, KEY_LIMIT);
    }
  }

  #delete(id) {
    this.#gone.add(id);
    this.fresh.delete(id);
    remove(this.updates, id);
    remove(this.pinned, id);
    const full = this.key.length >= KEY_LIMIT;
    if (remove(this.key, id) && full) this.stale.key = true;
  }
}
