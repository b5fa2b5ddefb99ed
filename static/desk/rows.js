/** The list of what is published: rows by id, each with its actions; a row being edited keeps its form whatever comes in. */
import { h } from '../ticker/article.js';
import { effect } from './effect.js';
import { Editor, editName } from './editor.js';
import { say } from './form.js';
import { drop, kept, keptNames } from './keep.js';
import { actions, show } from './row.js';
import { mark, remove } from './rowactions.js';
import { openRevisions } from './revisions.js';

/** @typedef {{item: HTMLElement, update: object, editor: ?Editor}} Row */

export class Rows {
  /** @type {Map<string, Row>} */ #rows = new Map();

  /**
   * @param {{slug: string, timezone: string, lang: string}} feed
   * @param {{list: HTMLElement, rescued: HTMLElement, site: string, editable: boolean, onchange: (change: object) => void,
   *   onreuse: (fields: object) => void, onediting?: (id: string, begins: boolean) => void,
   *   editors?: (id: string) => string[]}} options
   *   `onchange`: what this desk did, before the stream tells it; `onediting`: an update's editor opens or closes here;
   *   `editors`: who else edits it
   */
  constructor(feed, { list, rescued, site, editable, onchange, onreuse, onediting = () => {}, editors = () => [] }) {
    Object.assign(this, { feed, list, rescued, site, editable, onchange, onreuse, onediting, editors });
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
      item.classList.remove('is-apart');
      if (item === at) at = at.nextElementSibling;
      else this.list.insertBefore(item, at);
    }
    if (first && this.editable) this.#rescue(wanted);
  }

  /** Open an update's editor, also when it is older than what is loaded. @param {object} update */
  open(update) {
    const row = this.#row(update);
    if (!row.item.parentElement) {
      row.item.classList.add('is-apart');
      this.rescued.append(row.item);
    }
    row.item.scrollIntoView({ block: 'center' });
    this.#edit(row)?.focus();
  }

  /** Somebody has begun or ended to edit something. */
  people() {
    for (const row of this.#rows.values()) this.#people(row);
  }

  /** It is known how long it took to get here. @param {string} id */
  took(id) {
    const row = this.#rows.get(id);
    if (row) this.#write(row, row.update);
  }

  #row(update) {
    let row = this.#rows.get(update.id);
    if (!row) {
      row = { item: h('li', { class: 'row', id: `row-${update.id}` }), update: null, editor: null };
      row.item.append(h('div', { class: 'shown' }), h('p', { class: 'elsewhere', hidden: '' }), h('p', { class: 'problem', role: 'alert', hidden: '' }));
      this.#rows.set(update.id, row);
      row.item.addEventListener('click', (event) => this.#click(event, update.id));
      this.#write(row, update);
      this.#people(row);
      if (this.editable && kept(editName(this.feed.slug, update.id))) this.#edit(row);
    } else if (row.update.rev !== update.rev) this.#write(row, update);
    if (row.item.parentElement === this.rescued) row.editor?.adopt();
    return row;
  }

  #write(row, update) {
    row.update = update;
    row.item.dataset.rev = update.rev;
    row.item.classList.toggle('is-breaking', update.breaking);
    const focused = row.item.contains(document.activeElement) && document.activeElement.dataset.action;
    const link = `${this.site}/feeds/${this.feed.slug}/updates/${update.id}`;
    row.item.querySelector('.shown').replaceChildren(...show(update, this.feed, link, effect.told(update.id)), ...(this.editable ? [actions(update)] : []));
    if (focused) row.item.querySelector(`[data-action="${focused}"]`)?.focus();
    row.editor?.heard(update);
  }

  #people(row) {
    const note = row.item.querySelector('.elsewhere');
    const names = this.editors(row.update.id);
    const text = names.length ? `${new Intl.ListFormat('en').format(names)} ${names.length > 1 ? 'are' : 'is'} editing this` : '';
    if (note.textContent !== text) note.textContent = text;
    note.hidden = !text;
  }

  #leave(id, row) {
    if (row.item.classList.contains('is-apart')) return;
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
    const { slug } = this.feed;
    if (action === 'edit') this.#edit(row)?.focus();
    else if (action === 'revisions') openRevisions(this.feed, row.update, (fields) => this.#edit(row).take(fields));
    else if (action === 'delete') this.#try(row, () => remove(slug, row.update, this.editors(id)));
    else this.#try(row, () => mark(slug, row.update, action));
  }

  #edit(row) {
    if (row.editor) return row.editor;
    row.editor = new Editor(this.feed, row.update, {
      onsaved: (update) => this.#tell({ op: 'put', update }),
      onclose: () => this.#close(row),
      onreuse: this.onreuse,
    });
    row.item.classList.add('is-edited');
    row.item.append(row.editor.form);
    this.onediting(row.update.id, true);
    return row.editor;
  }

  #close(row) {
    const isGone = row.item.parentElement === this.rescued && !row.item.classList.contains('is-apart');
    row.editor.form.remove();
    row.editor = null;
    row.item.classList.remove('is-edited');
    if (isGone) this.#drop(row);
    else row.item.querySelector('[data-action="edit"]')?.focus();
    this.onediting(row.update.id, false);
  }

  #drop(row) {
    row.item.remove();
    this.#rows.delete(row.update.id);
  }

  /** What this desk did; of what stands apart from the list, the list tells nothing. */
  #tell(change) {
    const row = this.#rows.get(change.update?.id ?? change.id);
    if (row?.item.classList.contains('is-apart')) {
      if (change.op === 'put') this.#write(row, change.update);
      else this.#drop(row);
    }
    this.onchange(change);
  }

  /** What goes wrong is said in the row. @param {Row} row @param {() => Promise<?object>} action to the change that it made */
  async #try(row, action) {
    say(row.item, '');
    try {
      const change = await action();
      if (change) this.#tell(change);
    } catch (error) {
      say(row.item, error.message, error.passing);
    }
  }
}
