/** The list of what is published: rows by id, each with its actions; a row being edited keeps its form whatever comes in. */
import { h } from '../ticker/article.js';
import { api, newKey, updatePath } from './api.js';
import { ask } from './ask.js';
import { Editor, editName } from './editor.js';
import { say } from './form.js';
import { drop, kept, keptNames } from './keep.js';
import { actions, show } from './row.js';

export class Rows {
  /** @type {Map<string, {item: HTMLElement, update: object, editor: ?Editor}>} */ #rows = new Map();

  /**
   * @param {{slug: string, timezone: string, lang: string}} feed
   * @param {{list: HTMLElement, rescued: HTMLElement, site: string, editable: boolean, onchange: (change: object) => void, onreuse: (fields: object) => void}} options
   *   `onchange`: what this desk did, before the stream tells it
   */
  constructor(feed, { list, rescued, site, editable, onchange, onreuse }) {
    Object.assign(this, { feed, list, rescued, site, editable, onchange, onreuse });
    list.replaceChildren();
    rescued.replaceChildren();
  }

  /** @param {object[]} updates newest first */
  render(updates) {
    const first = !this.#rows.size;
    const wanted = new Set(updates.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!wanted.has(id)) this.#leave(id, row);
    let at = this.list.firstElementChild;
    for (const update of updates) {
      const { item } = this.#row(update);
      if (item === at) at = at.nextElementSibling;
      else this.list.insertBefore(item, at);
    }
    if (first && this.editable) this.#rescue(wanted);
  }

  #row(update) {
    let row = this.#rows.get(update.id);
    if (!row) {
      row = { item: h('li', { class: 'row', id: `row-${update.id}` }), update: null, editor: null };
      row.item.append(h('div', { class: 'shown' }), h('p', { class: 'problem', role: 'alert', hidden: '' }));
      this.#rows.set(update.id, row);
      row.item.addEventListener('click', (event) => this.#click(event, update.id));
      this.#write(row, update);
      if (this.editable && kept(editName(this.feed.slug, update.id))) this.#edit(row);
    } else if (row.update.rev !== update.rev) this.#write(row, update);
    if (row.item.parentElement === this.rescued) row.editor?.adopt();
    return row;
  }

  #write(row, update) {
    row.update = update;
    row.item.dataset.rev = update.rev;
    const focused = row.item.contains(document.activeElement) && document.activeElement.dataset.action;
    const link = `${this.site}/feeds/${this.feed.slug}/updates/${update.id}`;
    row.item.querySelector('.shown').replaceChildren(...show(update, this.feed, link), ...(this.editable ? [actions(update)] : []));
    if (focused) row.item.querySelector(`[data-action="${focused}"]`)?.focus();
  }

  #leave(id, row) {
    if (row.editor) {
      if (row.item.parentElement === this.rescued) return; // moving it would take the focus away
      this.rescued.append(row.item);
      row.editor.orphan();
    } else {
      row.item.remove();
      this.#rows.delete(id);
    }
  }

  /** Texts typed before a reload, for updates that are not in the list. */
  #rescue(wanted) {
    const start = editName(this.feed.slug, '');
    for (const name of keptNames(start)) {
      const base = kept(name)?.base;
      if (!base) drop(name);
      else if (!wanted.has(base.id)) {
        const row = this.#row(base);
        this.rescued.append(row.item);
        row.editor?.orphan();
      }
    }
  }

  #click(event, id) {
    const action = event.target.closest('[data-action]')?.dataset.action;
    const row = this.#rows.get(id);
    if (!action || !row) return;
    if (action === 'edit') this.#edit(row)?.focus();
    else if (action === 'delete') this.#delete(row);
    else this.#try(row, () => this.#patch(row.update, { [action]: !row.update[action] }));
  }

  #edit(row) {
    if (row.editor) return row.editor;
    const { slug } = this.feed;
    row.editor = new Editor(slug, row.update, {
      feed: () => this.feed,
      onsaved: (update) => this.onchange({ op: 'put', update }),
      onclose: () => this.#close(row),
      onreuse: this.onreuse,
    });
    row.item.classList.add('is-edited');
    row.item.append(row.editor.form);
    return row.editor;
  }

  #close(row) {
    row.editor.form.remove();
    row.editor = null;
    row.item.classList.remove('is-edited');
    if (row.item.parentElement === this.rescued) {
      row.item.remove();
      this.#rows.delete(row.update.id);
    } else row.item.querySelector('[data-action="edit"]')?.focus();
  }

  async #patch(update, patch) {
    const body = await api('PATCH', updatePath(this.feed.slug, update.id), { body: patch, patch: true, key: newKey() });
    this.onchange({ op: 'put', update: body });
  }

  async #delete(row) {
    const { id, headline, time } = row.update;
    const text = `“${headline}” is removed from the server and from every reader's page, with all its earlier versions. `
      + 'It cannot be brought back. What remains is its number and time, so that its address can answer that it was deleted.';
    if ((await ask('Delete this update?', text, { delete: 'Delete', keep: 'Keep' })) !== 'delete') return;
    await this.#try(row, async () => {
      await api('DELETE', updatePath(this.feed.slug, id), { key: newKey() });
      this.onchange({ op: 'delete', id, time });
    });
  }

  /** What goes wrong is said in the row. */
  async #try(row, action) {
    say(row.item, '');
    try {
      await action();
    } catch (error) {
      say(row.item, error.message, error.passing);
    }
  }
}
