/** Completes the tag being typed from those that the feed has used: a combobox, as ARIA's authoring practices have it. */
import { h } from '../ticker/article.js';
import { api } from './api.js';

const MOST = 8;
const FRESH_MS = 60_000;
let serial = 0;

/** Of all feeds seen here. @type {Map<string, {at: number, tags: Promise<string[]>}>} */
const known = new Map();

function used(slug) {
  const before = known.get(slug);
  if (before && Date.now() - before.at < FRESH_MS) return before.tags;
  const tags = api('GET', `feeds/${encodeURIComponent(slug)}/tags`)
    .then(({ tags: found }) => found.sort((a, b) => b.count - a.count).map(({ tag }) => tag), () => []);
  known.set(slug, { at: Date.now(), tags });
  return tags;
}

export class Tags {
  #active = -1;
  #found = [];
  #turn = 0;

  /** @param {HTMLInputElement} input with tags between commas @param {() => ?string} slug of the feed */
  constructor(input, slug) {
    Object.assign(this, { input, slug });
    const id = `tags-${serial++}`;
    this.list = h('ul', { class: 'suggestions', role: 'listbox', id, 'aria-label': 'Used before', hidden: '' });
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': id })) {
      input.setAttribute(name, value);
    }
    input.closest('label').after(this.list);
    input.addEventListener('input', () => this.#suggest());
    input.addEventListener('focus', () => slug() && used(slug()));
    input.addEventListener('blur', () => this.#hide());
    input.addEventListener('keydown', (event) => this.#key(event));
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', ({ target }) => {
      const option = target.closest('[role="option"]');
      if (option) this.#take(option.textContent);
    });
  }

  /** Where the tag under the caret stands: `[start, end]`. */
  get #place() {
    const { value, selectionStart: caret } = this.input;
    const end = value.indexOf(',', caret);
    return [value.lastIndexOf(',', caret - 1) + 1, end < 0 ? value.length : end];
  }

  async #suggest() {
    const turn = ++this.#turn;
    const [start, end] = this.#place;
    const typed = this.input.value.slice(start, end).trim().toLocaleLowerCase();
    if (!typed || !this.slug()) return this.#hide();
    const tags = await used(this.slug());
    if (turn !== this.#turn) return;
    const there = this.input.value.split(',').map((tag) => tag.trim().toLocaleLowerCase());
    const fits = (tag) => tag.toLocaleLowerCase().split(/\s+/).some((word) => word.startsWith(typed)) || tag.toLocaleLowerCase().startsWith(typed);
    this.#found = tags.filter((tag) => fits(tag) && !there.includes(tag.toLocaleLowerCase())).slice(0, MOST);
    this.#show(-1);
  }

  #show(active) {
    this.#active = active;
    const id = (index) => `${this.list.id}-${index}`;
    this.list.replaceChildren(...this.#found.map((tag, index) =>
      h('li', { role: 'option', id: id(index), 'aria-selected': String(index === active) }, tag)));
    this.list.hidden = !this.#found.length;
    this.input.setAttribute('aria-expanded', String(!this.list.hidden));
    if (active < 0) this.input.removeAttribute('aria-activedescendant');
    else this.input.setAttribute('aria-activedescendant', id(active));
  }

  #hide() {
    this.#turn++;
    this.#found = [];
    this.#show(-1);
  }

  #key(event) {
    const { length } = this.#found;
    if (!length || event.isComposing || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#show((this.#active + step + length + (this.#active < 0 && step < 0 ? 1 : 0)) % length);
    else if (event.key === 'Enter' && this.#active >= 0) this.#take(this.#found[this.#active]);
    else if (event.key === 'Escape') this.#hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #take(tag) {
    const [start, end] = this.#place;
    const { value } = this.input;
    const before = value.slice(0, start) + (start ? ' ' : '');
    this.input.value = `${before}${tag}${end < value.length ? '' : ', '}${value.slice(end)}`;
    const caret = before.length + tag.length + (end < value.length ? 0 : 2);
    this.input.setSelectionRange(caret, caret);
    this.#hide();
    this.input.dispatchEvent(new Event('input', { bubbles: true }));
  }
}
