/** The lists of items: going out, waiting for review, drafts, scheduled. Rows stay the same nodes whatever comes in, and keep the focus. */
import { h } from '../ticker/article.js';
import { secondsTo, showItem } from './itemrow.js';
import { presence } from './presence.js';

const TICK_MS = 250;
/** So many are shown of a list before somebody asks for all. */
const FEW = 5;
export const LISTS = { going: 'going', submitted: 'review', draft: 'drafts', scheduled: 'planned' };

export class ItemRows {
  /** @type {Map<string, {node: HTMLElement, written: string}>} */ #rows = new Map();
  #all = new Set();
  #model = null;
  #timer = 0;

  /** @param {{feed: object, me: string, editor: boolean, onact: (action: string, id: string, node: HTMLElement) => void}} options */
  constructor(options) {
    Object.assign(this, options);
    this.sections = Object.fromEntries(Object.entries(LISTS).map(([state, id]) => [state, document.getElementById(id)]));
    for (const section of Object.values(this.sections)) {
      section.querySelector('ol').replaceChildren();
      section.addEventListener('click', this.#click);
    }
    presence.addEventListener('change', this.#again);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.render({ items: [] });
  }

  close() {
    clearInterval(this.#timer);
    presence.removeEventListener('change', this.#again);
    for (const section of Object.values(this.sections)) section.removeEventListener('click', this.#click);
  }

  /** @param {{items: {item: object, doing?: string, error?: Error}[]}} model */
  render(model) {
    this.#model = model;
    const focus = this.#focused();
    const wanted = new Set(model.items.map(({ item }) => item.id));
    for (const [id, { node }] of this.#rows) {
      if (wanted.has(id)) continue;
      node.remove();
      this.#rows.delete(id);
    }
    for (const [state, section] of Object.entries(this.sections)) this.#list(state, section, model.items.filter(({ item }) => item.state === state));
    this.#tick();
    if (focus) this.#refocus(focus);
  }

  #again = () => this.render(this.#model);

  #click = ({ target }) => {
    const all = target.closest('.all');
    if (all) return this.#showAll(all.closest('section'));
    const button = target.closest('[data-action]');
    const id = button?.closest('[data-id]')?.dataset.id;
    if (id) this.onact(button.dataset.action, id, button);
  };

  #showAll(section) {
    this.#all.add(section.id);
    const next = section.querySelectorAll('[data-id]').length;
    this.#again();
    section.querySelectorAll('[data-id]')[next]?.querySelector('button')?.focus();
  }

  #list(state, section, entries) {
    const list = section.querySelector('ol');
    const shown = state === 'going' || this.#all.has(section.id) ? entries : entries.slice(0, FEW);
    const nodes = shown.map((entry) => this.#row(entry));
    let at = list.firstElementChild;
    for (const node of nodes) {
      if (node === at) at = at.nextElementSibling;
      else list.insertBefore(node, at);
    }
    while (at) {
      const next = at.nextElementSibling;
      if (!nodes.includes(at)) at.remove();
      at = next;
    }
    section.querySelector('.count').textContent = entries.length || '';
    const more = section.querySelector('.all');
    more.hidden = shown.length === entries.length;
    more.textContent = `Show all ${entries.length}`;
    section.hidden = !entries.length;
    const link = document.querySelector(`.sections a[href="#${section.id}"]`);
    link.hidden = !entries.length;
    link.querySelector('.count').textContent = entries.length || '';
  }

  #row({ item, doing = '', error = null }) {
    const { feed, me, editor } = this;
    let row = this.#rows.get(item.id);
    if (!row) this.#rows.set(item.id, (row = { node: h('li', { class: 'row item', id: `item-${item.id}`, 'data-id': item.id }), written: '' }));
    const about = { feed, me, editor, editors: presence.editors(item.id), doing, error };
    const written = JSON.stringify([item, about.editors, doing, error?.message, feed.status]);
    if (row.written !== written) {
      row.written = written;
      row.node.dataset.state = doing && doing !== 'save' ? 'sending' : item.state;
      row.node.setAttribute('aria-busy', String(Boolean(doing && doing !== 'save')));
      const { activeElement: focused } = document;
      const action = row.node.contains(focused) && focused.dataset.action;
      row.node.replaceChildren(...showItem(item, about));
      if (action) row.node.querySelector(`[data-action="${action}"]`)?.focus({ preventScroll: true });
    }
    return row.node;
  }

  #focused() {
    const node = document.activeElement?.closest?.('[data-id]');
    return node && { id: node.dataset.id, action: document.activeElement.dataset.action, section: node.closest('section') };
  }

  /** What had the focus moved or went: never to another row's button, which might be pressed for it. */
  #refocus({ id, action, section }) {
    if (document.activeElement !== document.body) return;
    const row = this.#rows.get(id)?.node;
    const button = row?.isConnected && (row.querySelector(`[data-action="${action}"]`) ?? row.querySelector('button'));
    const heading = (section.hidden ? document.getElementById('published') : section).querySelector('h2');
    (button || heading).focus({ preventScroll: true });
  }

  #tick() {
    for (const one of this.sections.going.querySelectorAll('.countdown')) {
      const seconds = one.dataset.due ? secondsTo(one.dataset.due) : 0;
      const text = seconds > 0 ? `Going out in ${seconds} s` : 'Going out…';
      if (one.textContent !== text) one.textContent = text;
      one.nextElementSibling.style.setProperty('--part', String(Math.min(1, seconds / (this.feed.hold_s || 1))));
    }
  }
}
