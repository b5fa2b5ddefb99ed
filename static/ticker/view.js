/** Shows a feed's state in a root that has the page's markup already. What is right stays untouched. */
import { h, localise, write } from './article.js';
import { brief, day, dayKey, ownZone } from './time.js';
import { words } from './words.js';

/** Makes the children of `parent` those of `wanted`, {key, rev, make, write}, touching only what differs. */
function reconcile(parent, wanted) {
  const keys = new Set(wanted.map(({ key }) => key));
  const nodes = new Map();
  for (const node of [...parent.children]) {
    const key = node.dataset.key ?? node.id;
    if (keys.has(key)) nodes.set(key, node);
    else node.remove();
  }
  let at = parent.firstElementChild;
  for (const { key, rev, make, write: rewrite } of wanted) {
    const node = nodes.get(key) ?? make();
    if (rewrite && node.dataset.rev !== String(rev)) {
      node.dataset.rev = rev;
      try { // each alone
        rewrite(node);
        node.hidden = false;
      } catch (error) {
        node.hidden = true;
        console.error(key, error);
      }
    }
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

export class View {
  #controller = new AbortController();
  #status = 'connecting';

  /** @param {HTMLElement} root @param {{origin?: string, feed: ?object, onmore(): Promise<void>}} options */
  constructor(root, { origin = '', feed, onmore }) {
    Object.assign(this, { root, origin, feed, onmore });
    this.parts = Object.fromEntries(
      ['title', 'description', 'status', 'pinned', 'key', 'updates', 'more', 'zone'].map((name) => [name, root.querySelector(`.${name}`)]));
    this.parts.more.addEventListener('click', (event) => this.#more(event), { signal: this.#controller.signal });
    this.#adopt();
  }

  close() {
    this.#controller.abort();
  }

  /** What the server rendered: times for this reader, days by the date they stand for. */
  #adopt() {
    for (const element of this.root.querySelectorAll('time[datetime]')) localise(element, this.feed);
    for (const heading of this.parts.updates.querySelectorAll('.day')) {
      const first = heading.nextElementSibling?.querySelector('time');
      if (first) heading.dataset.key = `day-${dayKey(first.dateTime, this.feed)}`;
    }
    const zone = ownZone();
    if (this.parts.zone && zone) this.parts.zone.textContent = words.zone.replace('{zone}', zone.replaceAll('_', ' '));
  }

  render(state) {
    const { feed, parts } = this;
    if (feed !== state.feed) this.#showFeed(state.feed);
    reconcile(parts.pinned, state.pinned.map((update) => this.#item(update, true)));
    parts.pinned.hidden = !state.pinned.length;
    this.#showKey(state);
    const wanted = [];
    let last = '';
    for (const update of state.updates) {
      const key = `day-${dayKey(update.time, this.feed)}`;
      if (key !== last) wanted.push({ key, make: () => h('h2', { class: 'day', 'data-key': key }, day(update.time, this.feed)) });
      last = key;
      wanted.push(this.#item(update, false));
    }
    if (!wanted.length) wanted.push({ key: 'empty', make: () => h('p', { class: 'empty', 'data-key': 'empty' }, words.empty) });
    reconcile(parts.updates, wanted);
    parts.more.hidden = !state.next;
    if (state.next) parts.more.setAttribute('href', this.#moreAddress(state.next));
  }

  status(status) {
    this.#status = status;
    const shown = this.feed?.status === 'closed' ? 'ended' : status;
    const text = words.status[shown];
    if (!text || this.parts.status.textContent === text) return;
    this.parts.status.dataset.state = shown;
    this.parts.status.textContent = text;
  }

  #item(update, pinned) {
    const id = `${pinned ? 'pinned' : 'update'}-${update.id}`;
    const where = { feed: this.feed, origin: this.origin, pinned };
    return { key: id, rev: update.rev, make: () => h('article', { id }), write: (node) => write(node, update, where) };
  }

  #showFeed(feed) {
    this.feed = feed;
    this.parts.title.textContent = feed.title;
    this.parts.description.textContent = feed.description ?? '';
    this.parts.description.hidden = !feed.description;
    this.status(this.#status);
  }

  #showKey({ key, updates }) {
    this.parts.key.hidden = !key.length;
    const here = new Set(updates.map(({ id }) => id));
    reconcile(this.parts.key.querySelector('ol'), key.map(({ id, time, headline }) => ({
      key: `key-${id}`,
      rev: `${time} ${here.has(id)} ${headline}`,
      make: () => h('li', { 'data-key': `key-${id}` }),
      write: (node) => {
        const href = here.has(id) ? `#update-${id}` : `${this.origin}/feeds/${this.feed.slug}/updates/${id}`;
        const when = h('time', { datetime: time, class: 'brief' }, brief(time, this.feed));
        node.replaceChildren(h('a', { href }, when, ' ', h('span', {}, headline)));
      },
    })));
  }

  #moreAddress(cursor) {
    return `${this.origin}/feeds/${this.feed.slug}?cursor=${encodeURIComponent(cursor)}`;
  }

  async #more(event) {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    const link = this.parts.more;
    this.parts.updates.setAttribute('aria-busy', 'true');
    try {
      await this.onmore();
    } catch {
      // The plain link still works, or shows why not; an embed must not leave its page.
      if (!this.origin) location.assign(link.href);
    } finally {
      this.parts.updates.removeAttribute('aria-busy');
    }
  }
}
