/** Editing an update in its place. What is typed is kept like a draft; a conflict shows both texts and loses neither. */
import { api, newKey, updatePath } from './api.js';
import { ask } from './ask.js';
import { showConflict } from './conflict.js';
import { EMPTY, clearProblem, difference, forgiveOnInput, raw, rawOf, say, sendOnCtrlEnter, setRaw, showProblem } from './form.js';
import { drop, keep, kept } from './keep.js';
import { clashes, rebased } from './merging.js';
import { equip } from './tools.js';

/** @param {string} feed @param {string} id */
export const editName = (feed, id) => `edit:${feed}:${id}`;

const KEPT_TRIES = 5;

const CONFLICT = 'Not saved yet: somebody else changed this update while you were writing.';

export class Editor {
  /** The last body sent and its key: the same again is a retry. `sent`: what may have been saved, its answer being lost. */
  #tried = { body: '', key: '', sent: [] };
  #sending = false;
  /** What both changed, until one of the two is saved. @type {?object} */ #conflict = null;

  /**
   * @param {{slug: string, lang: string}} feed @param {object} update as the editor saw it when starting
   * @param {{onsaved: (update: object) => void, onclose: () => void, onreuse: (fields: object) => void}} options
   */
  constructor(feed, update, { onsaved, onclose, onreuse }) {
    Object.assign(this, { feed, base: update, onsaved, onclose, onreuse, name: editName(feed.slug, update.id) });
    this.form = document.getElementById('editor').content.firstElementChild.cloneNode(true);
    this.note = this.form.querySelector('.heard');
    this.tools = equip(this.form, { feed: () => this.feed });
    setRaw(this.form, rawOf(update));
    this.#restore(kept(this.name));
    this.#listen();
  }

  #restore(before) {
    if (!before) return;
    this.base = before.base;
    if (before.tried) this.#tried = before.tried;
    setRaw(this.form, before.fields);
    if (before.conflict) this.#show(before.conflict);
  }

  #listen() {
    const { elements } = this.form;
    this.form.addEventListener('input', () => this.#keep());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.form.addEventListener('keydown', (event) => event.key === 'Escape' && !this.#changed() && this.#close());
    elements.cancel.addEventListener('click', () => this.#cancel());
    elements.reuse.addEventListener('click', () => {
      this.onreuse(raw(this.form));
      this.#close();
    });
    forgiveOnInput(this.form);
    sendOnCtrlEnter(this.form);
  }

  focus() {
    this.form.elements.text.focus();
  }

  /** Begin with these of an earlier revision's fields. @param {object} fields */
  take(fields) {
    setRaw(this.form, { ...fields, minor: raw(this.form).minor });
    this.#keep();
    this.focus();
  }

  /** The update is no longer in the list; the text stays. */
  orphan() {
    this.form.elements.reuse.hidden = false;
    say(this.form, 'This update left the list: somebody deleted it, or gave it an older time. Your text is still here.');
  }

  /** It is in the list (again). */
  adopt() {
    if (this.form.elements.reuse.hidden) return;
    this.form.elements.reuse.hidden = true;
    say(this.form, '');
  }

  /** What others do meanwhile: what I do not change is taken over at once. @param {object} current */
  heard(current) {
    if (this.#sending || current.rev <= this.base.rev) return;
    if (this.#clashes(current).length) this.note.textContent = 'Somebody else has changed the same just now. When you save, you see both.';
    else this.#rebase(current);
  }

  #clashes(current) {
    return clashes(this.base, raw(this.form), current, this.#tried.sent);
  }

  #keep() {
    keep(this.name, { base: this.base, fields: raw(this.form), tried: this.#tried, conflict: this.#conflict });
  }

  #patch() {
    const fields = raw(this.form);
    const patch = difference(rawOf(this.base), fields);
    return Object.keys(patch).length && fields.minor ? { ...patch, minor: true } : patch;
  }

  #changed() {
    return Object.keys(this.#patch()).length > 0;
  }

  async #save() {
    if (this.#sending) return;
    if (!this.#changed()) return this.#close();
    if (!this.form.elements.text.value.trim()) return showProblem(this.form, EMPTY);
    if ('image' in this.#patch() && !this.tools.check()) return;
    clearProblem(this.form);
    this.#busy(true);
    try {
      const update = await this.#send();
      drop(this.name);
      this.onsaved(update);
      this.onclose();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy(false);
    }
  }

  /** Somebody pinning it while this was typed is no conflict: only where the same field differs do people decide. */
  async #send() {
    for (;;) {
      const patch = this.#patch();
      if (!Object.keys(patch).length) return this.base; // they wrote just the same
      const body = JSON.stringify([patch, this.base.rev]);
      if (body !== this.#tried.body) this.#tried = { body, key: newKey(), sent: [...this.#tried.sent, raw(this.form)].slice(-KEPT_TRIES) };
      this.#keep();
      try {
        return await api('PATCH', updatePath(this.feed.slug, this.base.id), { body: patch, rev: this.base.rev, key: this.#tried.key, patch: true });
      } catch (error) {
        const current = error.status === 412 && error.problem.current;
        if (!current || current.rev <= this.base.rev || this.#clashes(current).length) throw error;
        this.#rebase(current);
      }
    }
  }

  #failed(error) {
    const current = error.status === 412 && error.problem.current;
    if (error.status === 410 || error.status === 404) this.form.elements.reuse.hidden = false;
    if (!current) return showProblem(this.form, error);
    this.#show({ names: this.#clashes(current), base: this.base, mine: raw(this.form), current });
    this.#rebase(current);
    this.form.querySelector('.conflict h3').focus({ preventScroll: true });
    this.form.querySelector('.conflict').scrollIntoView({ block: 'start' });
  }

  /** What they changed and I did not is taken over; from here on it is their revision that I change. */
  #rebase(current) {
    const mine = raw(this.form);
    setRaw(this.form, rebased(this.base, mine, current));
    this.base = current;
    this.#tried.sent = [];
    this.note.textContent = '';
    this.#keep();
  }

  #show(conflict) {
    this.#conflict = conflict;
    showConflict(this.form, conflict, this.feed.lang);
    this.form.querySelector('.primary').textContent = 'Save what the form says';
    say(this.form, CONFLICT);
  }

  #busy(sending) {
    this.#sending = sending;
    this.form.setAttribute('aria-busy', String(sending));
  }

  async #cancel() {
    const lost = 'What you changed here goes away. The update stays as readers see it.';
    if (this.#changed() && (await ask('Discard your changes?', lost, { discard: 'Discard', keep: 'Keep editing' })) !== 'discard') return;
    this.#close();
  }

  #close() {
    drop(this.name);
    this.onclose();
  }
}
