/**
 * `<live-feed src="https://host" feed="news" limit="10">`: a ticker on somebody else's page. What stands inside
 * it is shown until there is something to show, and stays if that never comes.
 */
import { Feed } from '../client/feed.js';
import { h } from './article.js';
import { skeleton } from './skeleton.js';
import { View } from './view.js';
import { load } from './words.js';

/** One sheet for all elements of the page: constructed, so that no style policy of the host is asked. */
let sheet;
function styles() {
  sheet ??= fetch(new URL('./ticker.css', import.meta.url), { credentials: 'omit' })
    .then((response) => (response.ok ? response.text() : Promise.reject(new Error(`${response.status}`))))
    .then((css) => new CSSStyleSheet().replace(css))
    .catch(() => (sheet = undefined));
  return sheet;
}

export class LiveFeed extends HTMLElement {
  static observedAttributes = ['src', 'feed', 'limit'];

  #root = this.attachShadow({ mode: 'open' });
  #slot = h('slot');
  #notice = h('p', { class: 'livefeed notice', role: 'status', part: 'status', hidden: '' });
  /** @type {?Feed} */ #feed = null;
  /** @type {?View} */ #view = null;
  #due = false;

  constructor() {
    super();
    this.#root.append(this.#slot, this.#notice);
  }

  connectedCallback() {
    this.#restart();
  }

  attributeChangedCallback(name, old, value) {
    if (old !== value) this.#restart();
  }

  disconnectedCallback() {
    this.#stop();
  }

  /** Three attributes set in a row, or a move within the page, are one start. */
  #restart() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#stop();
      if (this.isConnected) this.#start();
    });
  }

  #start() {
    const slug = this.getAttribute('feed');
    const server = new URL(this.getAttribute('src') || import.meta.url, document.baseURI).origin;
    if (!slug || server === 'null') return this.#say('This ticker has no feed="…" to show.');
    const limit = Math.min(100, Math.max(1, Number.parseInt(this.getAttribute('limit'), 10) || 20));
    const feed = new Feed({
      url: `${server}/v1/feeds/${encodeURIComponent(slug)}`,
      limit,
      place: () => this.#view?.place() ?? [],
      onchange: async (state) => {
        if (!this.#view) await this.#begin(feed, server);
        if (feed === this.#feed) this.#view?.render(state);
      },
      onstatus: (status, refusal) => feed === this.#feed && this.#status(status, refusal),
    });
    this.#feed = feed;
    feed.start();
  }

  #stop() {
    const feed = this.#feed;
    this.#feed = null;
    feed?.close();
    this.#view?.close();
    this.#view?.root.remove();
    this.#view = null;
    this.#notice.hidden = true;
    this.#slot.hidden = false;
  }

  async #adoptStyles() {
    const made = await styles();
    if (made) this.#root.adoptedStyleSheets = [made];
  }

  async #begin(feed, server) {
    const [words] = await Promise.all([load(feed.state.feed.lang), this.#adoptStyles()]);
    if (feed !== this.#feed || this.#view) return;
    const root = skeleton(words);
    this.#view = new View(root, { origin: server, words, settings: new Map([['announce', false]]) });
    this.#view.source = feed;
    this.#slot.hidden = true;
    this.#root.append(root);
    this.#view.status(feed.connection.status);
  }

  #status(status, refusal) {
    this.#view?.status(status, refusal);
    this.#notice.hidden = true;
    if (status !== 'refused') return;
    const slug = this.getAttribute('feed');
    if (refusal?.exists === false) this.#say(`There is no ticker “${slug}” on this server.`);
    else if (refusal?.allowed === false) this.#say(`The ticker “${slug}” may not be shown on ${location.host || 'this page'}.`);
    else if (!this.#view) this.#say('This ticker is not available.');
  }

  async #say(text) {
    console.warn(`<live-feed>: ${text}`);
    this.#notice.textContent = text;
    this.#notice.hidden = false;
    await this.#adoptStyles();
  }
}
