/** Shows a feed's state in a root that has the page's markup already. What is right stays untouched. */
import { equip, h, write } from './article.js';
import { handle } from './clicks.js';
import { brief, day, dayKey, fillIn, localise, zoneName } from './language.js';
import { goTo, keep, reconcile, visible } from './list.js';
import { Arrivals, StateLine } from './notices.js';

const TICK_MS = 30_000;
const PARTS = ['kicker', 'title', 'description', 'status', 'countdown', 'pinned', 'key', 'newer', 'updates', 'more', 'zone'];

export class View {
  /** Gives what is missing; set by who made both. @type {import('../client/feed.js').Feed} */ source;
  /** Until when all was seen before this visit: a line is drawn there. @type {?string} `published` */ seenUntil = null;

  #controller = new AbortController();
  #timer = setInterval(() => this.#tick(), TICK_MS);
  /** Ids of what waits behind the button. */ #waiting = new Set();
  /** There was something to load above, at the last drawing. */ #gap = false;
  /** @type {?boolean} */ #atTop = null;

  /** @param {HTMLElement} root @param {{most?: number}} options `most`: updates shown, if not all */
  constructor(root, { origin = '', feed, words, layout = 'full', most, settings = new Map(), host = root }) {
    Object.assign(this, { root, origin, feed, words, layout, most });
    this.parts = Object.fromEntries(PARTS.map((name) => [name, root.querySelector(`.${name}`)]));
    const { status, countdown, updates } = this.parts;
    this.line = new StateLine(status, countdown, words);
    this.arrivals = new Arrivals({ list: updates, host, titled: !origin, words, settings, onbring: () => this.#bringIn() });
    this.places = new Map();
    for (const node of root.querySelectorAll('[data-place]')) this.addPlace(node);
    const { signal } = this.#controller;
    root.addEventListener('click', (event) => handle(event, this), { signal });
    addEventListener('scroll', () => this.scrolled(), { signal, passive: true });
    document.addEventListener('visibilitychange', () => this.#tick(), { signal });
    if (feed) this.#adopt();
    this.#gap = this.parts.newer?.hidden === false;
  }

  close() {
    this.#controller.abort();
    clearInterval(this.#timer);
    this.line.close();
    this.arrivals.close();
  }

  /** What shall stand between updates. @param {HTMLElement} node */
  addPlace(node) {
    this.places.set(node.dataset.place, { key: (node.dataset.key = `place-${node.dataset.place}`), make: () => node });
  }

  /** Where what can be seen of it begins. */
  get edge() {
    return 0;
  }

  /** Nothing is scrolled away. Measured once a frame: else each of many arrivals has those before it laid out. */
  get atTop() {
    if (this.#atTop === null) {
      this.#atTop = this.root.getBoundingClientRect().top - this.edge > -5;
      requestAnimationFrame(() => (this.#atTop = null));
    }
    return this.#atTop;
  }

  /** The ids of what is being read, to begin anew around; none: the top. */
  place() {
    if (this.atTop && !this.source.state.prev) return [];
    return visible(this.parts.updates, this.edge).map(({ id }) => id.slice('update-'.length));
  }

  /** Changes the page; what is being read stays where it is. */
  keep(change) {
    keep(this.parts.updates, change);
  }

  /** Changes the page, and what is seen of it. */
  move(change) {
    change();
  }

  go(found) {
    goTo(found, this.root);
  }

  refresh() {
    this.render(this.source.state);
  }

  status(status, detail) {
    this.line.show(this.feed, status, detail);
  }

  render({ fresh, uncounted }) {
    const came = [...fresh.values()].filter(({ id }) => !this.#waiting.has(id));
    const waits = came.length < fresh.size;
    const calm = document.visibilityState === 'hidden' || !this.atTop || this.#gap;
    // Read from the oldest on, what comes is at the end, where it moves nothing.
    const flows = document.visibilityState === 'visible' && (this.#oldest || !(calm || waits));
    const change = () => {
      const moved = flows ? this.#show(came) : this.#draw();
      this.arrivals.show(fresh.size, uncounted && !flows);
      return moved;
    };
    this[calm ? 'keep' : 'move'](change);
    this.#gap = !!this.source.state.prev;
    this.#waiting = new Set(fresh.keys());
    if (came.length) this.arrivals.tell(came);
  }

  /** Shows an update, loaded yet or not, and goes there. @returns {Promise<boolean>} */
  async find(id) {
    const article = () => this.root.querySelector(`#update-${CSS.escape(id)}`);
    if (!article()) this.#show();
    if (!article()) await this.source.around(id).then(() => this.#show(), () => {});
    const found = article();
    if (!found) return false;
    this.root.querySelector('.found')?.classList.remove('found');
    found.classList.add('found');
    this.go(found);
    this.#atTop = null;
    return true;
  }

  get #oldest() {
    return this.source.query.order === 'oldest';
  }

  /** What waits is shown, and the keyboard goes on from its first. */
  #bringIn() {
    const { fresh, order } = this.source.state;
    const [first] = [...fresh.values()].sort(order);
    if (first) this.find(first.id);
  }

  scrolled() {
    this.#atTop = null;
    if (this.#waiting.size && this.atTop && !this.source.state.prev) this.#show();
  }

  /** All that is loaded; `came` just now. */
  #show(came = []) {
    const { fresh, updates } = this.source.state;
    for (const { id } of updates) fresh.delete(id);
    const moved = this.#draw();
    for (const { id } of came) this.root.querySelector(`#update-${CSS.escape(id)}`)?.classList.add('arrived');
    this.source.state.uncounted = false;
    this.#waiting = new Set(fresh.keys());
    this.arrivals.show(fresh.size, false);
    return moved;
  }

  /** What the server rendered: times for this reader, days by the date they stand for. */
  #adopt() {
    this.#tick();
    for (const heading of this.parts.updates.querySelectorAll('.day')) {
      const first = heading.nextElementSibling?.querySelector('time');
      if (first) heading.dataset.key = `day-${dayKey(first.dateTime, this.feed)}`;
    }
    if (this.layout === 'full') for (const article of this.root.querySelectorAll('.update')) equip(article, this.words);
    this.#showZone();
  }

  #tick() {
    if (!this.feed || document.visibilityState === 'hidden') return;
    for (const element of this.root.querySelectorAll('time.clock, time.brief')) localise(element, this.feed);
  }

  #draw() {
    const { feed, pinned, updates, fresh, prev, next } = this.source.state;
    const { parts } = this;
    if (feed !== this.feed) this.#showFeed(feed);
    const shown = updates.filter(({ id }) => !fresh.has(id)).slice(0, this.most);
    const heading = { key: 'heading', make: () => h('h2', { class: 'unseen' }, this.words.pinned) };
    reconcile(parts.pinned, [heading, ...pinned.map((update) => this.#item(update, 'pinned'))]);
    parts.pinned.hidden = !pinned.length;
    this.#drawKey(shown);
    this.#showLink(parts.newer, prev);
    this.#showLink(parts.more, next);
    return reconcile(parts.updates, this.#rows(shown));
  }

  /** The updates by day, with what stands between them. */
  #rows(updates) {
    const rows = [];
    let last = '';
    let [wasNew, drawn] = [false, this.#oldest || !this.seenUntil];
    updates.forEach((update, index) => {
      const isNew = update.published > this.seenUntil;
      if (!drawn && wasNew && !isNew) {
        rows.push({ key: 'since', make: () => h('p', { class: 'since-line' }, this.words.sinceLine) });
        drawn = true;
      }
      wasNew = isNew;
      const key = `day-${dayKey(update.time, this.feed)}`;
      if (key !== last) rows.push({ key, make: () => h('h2', { class: 'day' }, day(update.time, this.feed)) });
      last = key;
      rows.push(this.#item(update, 'update'), this.places.get(`after-${index + 1}`));
    });
    if (!updates.length) {
      const { key, tag } = this.source.query;
      rows.push({ key: 'empty', make: () => h('p', { class: 'empty' }, this.words[key || tag ? 'emptyFilter' : 'empty']) });
    }
    return [...rows, this.places.get('end')].filter(Boolean);
  }

  #item(update, prefix) {
    const id = `${prefix}-${update.id}`;
    const { feed, origin, words, layout } = this;
    return { key: id, rev: update.rev, make: () => h('article', { id }), write: (node) => write(node, update, { feed, origin, words, layout, prefix }) };
  }

  #drawKey(shown) {
    const { key } = this.source.state;
    const here = new Set(shown.map(({ id }) => id));
    const page = `${this.origin}/feeds/${this.feed.slug}`;
    this.parts.key.hidden = !key.length;
    reconcile(this.parts.key.querySelector('ol'), key.map(({ id, time, headline }) => ({
      key: `key-${id}`,
      rev: `${time} ${here.has(id)} ${headline}`,
      make: () => h('li'),
      write: (node) => {
        const href = `${here.has(id) ? '' : `${page}?around=${id}`}#update-${id}`;
        const when = h('time', { datetime: time, class: 'brief' }, brief(time, this.feed));
        node.replaceChildren(h('a', { href }, when, ' ', h('span', {}, headline)));
      },
    })));
  }

  #showLink(link, cursor) {
    if (link && this.layout === 'full') link.hidden = !cursor;
    if (link && cursor) link.setAttribute('href', `${this.origin}/feeds/${this.feed.slug}?cursor=${encodeURIComponent(cursor)}`);
  }

  #showFeed(feed) {
    const { kicker, title, description } = this.parts;
    this.feed = feed;
    if (kicker) kicker.textContent = this.words[feed.status === 'closed' ? 'ended' : 'liveCoverage'];
    title.textContent = feed.title;
    description.textContent = feed.description ?? '';
    description.hidden = !feed.description;
    this.line.show(feed);
    this.#showZone();
  }

  #showZone() {
    const { timezone } = this.feed;
    const text = this.words[zoneName(timezone) === zoneName() ? 'zone' : 'zones'];
    const [zone, own] = [timezone, zoneName()].map((name) => name.replaceAll('_', ' '));
    if (this.parts.zone) this.parts.zone.textContent = fillIn(text, { zone, own });
  }
}
