/**
 * What a reader has seen, kept in their own browser, and what happened to it since. Ids, revs and times only, no text:
 * what is deleted shall be nowhere.
 */
import { getJSON } from '../client/wire.js';
import { h } from './article.js';
import { brief, fillIn, plural } from './language.js';

const SAVE_MS = 5000;
const MOST_SEEN = 300;
/** Requests for what was missed, and for what may be gone. */
const PIECES = 20;
const QUESTIONS = 10;

const ms = (time) => (time ? Date.parse(time) : 0);
const text = (time) => new Date(time).toISOString();
const newestFirst = ([, [, a]], [, [, b]]) => b - a;
const held = ({ state }) => [...state.pinned, ...state.updates];
const entry = ({ rev, time, edited }) => [rev, ms(time), ms(edited)];
/** An edit that readers are told of, after what they saw. */
const isCorrected = (update, [rev, , edited]) => update.rev > rev && ms(update.edited) !== edited;

/** The earlier visit, or null. `seen`: id → [rev, time, edited], in ms, newest first. */
function load(key, storage) {
  try {
    const { at, position, newest, seen } = JSON.parse(storage.getItem(key));
    const entries = Object.entries(seen).filter(([, [, time]]) => time > 0);
    return { at: text(at), position, newest, seen: new Map(entries.sort(newestFirst)) };
  } catch { // none, or denied, or spoilt
    return null;
  }
}

/** What the server tells of the time since: updates as they are now, ids that are gone, and whether this is all. */
async function missed(feed, after, signal) {
  const [updates, gone] = [new Map(), new Set()];
  const put = (update) => updates.get(update.id)?.rev >= update.rev || updates.set(update.id, update);
  held(feed).forEach(put);
  let whole = false;
  try {
    // A long answer comes in pieces.
    for (let piece = 0; piece < PIECES && !whole; piece++) {
      const { body } = await getJSON(`${feed.url}/changes?${new URLSearchParams({ after, wait: 0 })}`, { signal });
      for (const { op, update, id } of body.changes ?? []) {
        if (op === 'put') put(update);
        if (op === 'delete') gone.add(id);
      }
      body.snapshot?.updates.forEach(put);
      if (!body.recovered) break;
      after = body.position;
      whole = !body.changes.length || after === feed.connection.position;
    }
  } catch {
    // What is loaded must do.
  }
  for (const id of gone) updates.delete(id);
  return { updates: [...updates.values()], gone, whole };
}

/** Adds to `gone` what was seen and should be loaded, but was withdrawn. */
async function ask(seen, { updates, gone }, feed, signal) {
  const known = new Set([...gone, ...updates.map(({ id }) => id)]);
  const missing = [...seen].filter(([id, [, time]]) => !known.has(id) && feed.state.covers({ id, time: text(time) }));
  await Promise.all(missing.slice(0, QUESTIONS).map(([id]) =>
    getJSON(`${feed.url}/updates/${encodeURIComponent(id)}`, { signal }).catch(({ status }) => status === 410 && gone.add(id))));
}

/** Shows what happened since the earlier visit, and takes it for told. */
async function tell(visit, { view, feed, slug, words, signal }) {
  const { at, newest, seen } = visit;
  const found = await missed(feed, visit.position, signal);
  if (!found.whole) await ask(seen, found, feed, signal);
  if (signal?.aborted) return;
  const corrected = found.updates.filter((update) => seen.has(update.id) && isCorrected(update, seen.get(update.id)));
  const withdrawn = [...seen].filter(([id]) => found.gone.has(id)).map(([, [, time]]) => time);
  for (const update of corrected) seen.set(update.id, entry(update));
  for (const id of found.gone) seen.delete(id);
  const isNew = (update) => update.published > newest && !seen.has(update.id) && feed.state.matches(update);
  const count = found.updates.filter(isNew).length;
  if (count || corrected.length || withdrawn.length) {
    const [last] = seen.keys();
    const made = section({ view, slug, words }, { at, corrected, withdrawn, count, last });
    view.keep(() => view.parts.pinned.before(made));
  }
  if (count) {
    view.seenUntil = newest;
    view.refresh();
  }
  visit.gone = found.gone;
  if (!found.whole) visit.position = feed.connection.position;
}

const list = (title, items) =>
  (items.length ? [h('p', {}, title), h('ul', {}, ...items.map((item) => h('li', {}, ...item)))] : []);

function section({ view, slug, words }, { at, corrected, withdrawn, count, last }) {
  const when = (time) => ({ time: brief(time, view.feed) });
  const page = `${view.origin}/feeds/${slug}`;
  // The view takes such a link for a jump.
  const link = (id, shown) => h('a', { href: `${page}?around=${encodeURIComponent(id)}#update-${id}` }, shown);
  const close = h('button', { type: 'button', class: 'close' }, words.close);
  const made = h('section', { class: 'since', 'aria-labelledby': 'since-title' },
    h('h2', { id: 'since-title' }, words.sinceTitle),
    ...list(words.corrected, corrected.map(({ id, headline, correction }) =>
      [link(id, headline), correction && h('p', { class: 'correction' }, h('strong', {}, words.correction), ' ', correction)])),
    ...list(words.withdrawn, withdrawn.map((time) => [fillIn(words.withdrawnItem, when(time))])),
    count > 0 && h('p', {}, fillIn(plural(words.sinceNew, count, words.lang), when(at)), ' ', last && link(last, words.sinceJump)),
    close);
  close.addEventListener('click', () => {
    view.keep(() => made.remove());
    view.parts.updates.focus({ preventScroll: true });
  });
  return made;
}

/** Calls `mark` with each article that comes onto the screen. @returns {Set<HTMLElement>} those that are on it */
function watch({ parts }, mark, signal) {
  const shown = new Set();
  const screen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) mark(target);
      shown[isIntersecting ? 'add' : 'delete'](target);
    }
  }, { rootMargin: '0px 0px -48px' });
  const lists = [parts.pinned, parts.updates];
  const look = () => lists.forEach((one) => one.querySelectorAll('article').forEach((article) => screen.observe(article)));
  const coming = new MutationObserver(look);
  for (const one of lists) coming.observe(one, { childList: true });
  look();
  signal?.addEventListener('abort', () => {
    screen.disconnect();
    coming.disconnect();
  });
  return shown;
}

/**
 * Tells what happened since an earlier visit, and remembers this one.
 * @param {{view: import('./view.js').View, feed: import('../client/feed.js').Feed, slug: string, signal?: AbortSignal}} options
 */
export async function remember({ view, feed, slug, words, storage, signal }) {
  const key = `livefeed:seen:${view.origin}${view.origin && ' '}${slug}`;
  try {
    storage ??= localStorage;
  } catch {
    return;
  }
  const visit = { position: feed.connection.position, newest: '', seen: new Map(), gone: new Set(), ...load(key, storage) };
  if (visit.at) await tell(visit, { view, feed, slug, words, signal }).catch(console.warn);
  if (signal?.aborted) return;

  const isAway = () => document.visibilityState === 'hidden';
  let away = isAway();
  const mark = (article) => {
    const update = held(feed).find(({ id }) => id === article.id.slice('update-'.length));
    // Nor is that seen which is here but not shown yet.
    if (away || article.dataset.rev !== `${update?.rev}`) return;
    visit.seen.set(update.id, entry(update));
    if (update.published > visit.newest) visit.newest = update.published;
  };
  const shown = watch(view, mark, signal);
  const save = () => {
    shown.forEach(mark);
    if (!away) store(visit, feed, key, storage);
  };
  const turn = () => {
    save();
    away = isAway();
  };
  const timer = setInterval(save, SAVE_MS);
  document.addEventListener('visibilitychange', turn, { signal });
  addEventListener('pagehide', turn, { signal });
  signal?.addEventListener('abort', () => clearInterval(timer));
}

function store(visit, feed, key, storage) {
  const { seen, gone } = visit;
  // From here on all that happens is news, unless something is there already that was not looked at.
  const isRead = (update) => (seen.has(update.id) ? !isCorrected(update, seen.get(update.id)) : update.published <= visit.newest);
  if (held(feed).every(isRead)) visit.position = feed.connection.position ?? visit.position;
  // Of another tab.
  for (const [id, other] of load(key, storage)?.seen ?? []) {
    if (!gone.has(id) && !(seen.get(id)?.[0] >= other[0])) seen.set(id, other);
  }
  const kept = [...seen].sort(newestFirst).slice(0, MOST_SEEN);
  const { position, newest } = visit;
  try {
    storage.setItem(key, JSON.stringify({ at: Date.now(), position, newest, seen: Object.fromEntries(kept) }));
  } catch {
    // It is full, or denied.
  }
}
