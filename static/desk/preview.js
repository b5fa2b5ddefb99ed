/** Exactly as readers will see it: the server renders the text, the ticker's own module and style sheet show it. */
import { h, write } from '../ticker/article.js';
import { api } from './api.js';

const WAIT_MS = 300;
const words = new Map();

/** @param {string} lang whole, else its first part, else English */
async function load(lang) {
  for (const name of [lang, lang.split('-')[0], 'en']) {
    const response = await fetch(new URL(`../words/${name}.json`, import.meta.url));
    if (response.ok) return { ...(await response.json()), lang: name };
  }
  throw new Error('There are no words.');
}

function wordsOf(lang) {
  if (!words.has(lang)) words.set(lang, load(lang));
  return words.get(lang);
}

export class Preview {
  #timer = 0;
  #asked = '';
  #article = h('article', { class: 'update' });

  /** @param {HTMLDetailsElement} details @param {() => ?{feed: object, content: object}} read what is written now */
  constructor(details, read) {
    Object.assign(this, { details, read, note: details.querySelector('.hint') });
    const root = details.querySelector('.as-readers').attachShadow({ mode: 'open' });
    const sheet = h('link', { rel: 'stylesheet', href: new URL('../ticker/ticker.css', import.meta.url) });
    root.append(sheet, h('div', { class: 'livefeed embedded' }, h('section', { class: 'updates' }, this.#article)));
    // A link in it must not lead away from what is being written.
    root.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link) return;
      event.preventDefault();
      if (/^https?:/.test(link.href)) open(link.href, '_blank', 'noopener');
    });
    details.addEventListener('toggle', () => this.changed());
  }

  changed() {
    clearTimeout(this.#timer);
    if (this.details.open) this.#timer = setTimeout(() => this.#render(), WAIT_MS);
  }

  async #render() {
    const { feed, content } = this.read() ?? {};
    const asked = JSON.stringify([feed?.slug, content]);
    if (!feed || asked === this.#asked) return;
    this.#asked = asked;
    const empty = !content.text.trim();
    this.note.textContent = empty ? 'Nothing is written yet.' : '';
    this.#article.hidden = empty;
    if (empty) return this.#article.replaceChildren();
    try {
      const [{ html, headline }, known] = await Promise.all([
        api('POST', 'render', { body: { text: content.text, format: 'markdown' } }), wordsOf(feed.lang),
      ]);
      if (asked !== this.#asked) return;
      const time = content.time ?? new Date().toISOString();
      const update = { ...content, id: 'preview', html, headline, time, edited: null, correction: content.correction ?? null };
      write(this.#article, update, { feed, origin: '', words: known, layout: 'preview', prefix: 'preview' });
    } catch (error) {
      this.#asked = '';
      this.#article.hidden = true;
      this.note.textContent = error.fields?.[0]?.message ?? error.message;
    }
  }
}
