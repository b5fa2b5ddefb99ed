/** All feeds at a glance: what they are, and how many read them. */
import { h } from '../ticker/article.js';
import { readers } from './readers.js';

const STATUS = { open: 'Open', closed: 'Closed', draft: 'Draft' };

export class FeedList {
  #feeds = () => [];

  /** @param {HTMLDialogElement} dialog @param {{feeds: () => object[], onchoose: (slug: string) => void}} options */
  constructor(dialog, { feeds, onchoose }) {
    Object.assign(this, { dialog, list: dialog.querySelector('ul'), onchoose });
    this.#feeds = feeds;
    dialog.querySelector('[name="close"]').addEventListener('click', () => dialog.close());
    readers.addEventListener('change', () => dialog.open && this.#count());
  }

  open() {
    this.list.replaceChildren(...this.#feeds().map((feed) => this.#item(feed)));
    this.#count();
    readers.ask();
    this.dialog.showModal();
  }

  #item(feed) {
    const button = h('button', { type: 'button', class: 'card' },
      h('strong', { lang: feed.lang, dir: 'auto' }, feed.title),
      h('span', { class: `label label-${feed.status}` }, STATUS[feed.status]),
      h('span', { class: 'hint' }, [feed.slug, feed.lang, feed.timezone, !feed.listed && 'not listed'].filter(Boolean).join(' · ')),
      h('span', { class: 'readers', 'data-readers': feed.slug }));
    button.addEventListener('click', () => {
      this.dialog.close();
      this.onchoose(feed.slug);
    });
    return h('li', {}, button);
  }

  #count() {
    for (const note of this.list.querySelectorAll('[data-readers]')) note.textContent = readers.words(note.dataset.readers);
  }
}
