/** Editing an update in its place. What is typed is kept like a draft; a conflict shows both texts and loses neither. */
import { api, newKey, updatePath } from './api.js';
import { EMPTY, clearProblem, difference, forgiveOnInput, raw, rawOf, say, sendOnCtrlEnter, setRaw, showProblem } from './form.js';
import { drop, keep, kept } from './keep.js';
import { equip } from './tools.js';

/** @param {string} feed @param {string} id */
export const editName = (feed, id) => `edit:${feed}:${id}`;

export class Editor {
  /** The last body sent and its key: the same again is a retry. */ #tried = { body: '', key: '' };
  #sending = false;

  /**
   * @param {string} slug @param {object} update as the editor saw it when starting
   * @param {{feed: () => object, onsaved: (update: object) => void, onclose: () => void, onreuse: (fields: object) => void}} options
   */
  constructor(slug, update, { feed, onsaved, onclose, onreuse }) {
    Object.assign(this, { slug, base: update, onsaved, onclose, name: editName(slug, update.id) });
    this.form = document.getElementById('editor').content.firstElementChild.cloneNode(true);
    setRaw(this.form, rawOf(update));
    const before = kept(this.name);
    if (before) {
      this.base = before.base;
      setRaw(this.form, before.fields);
    }
    equip(this.form, { feed });
    const { elements } = this.form;
    this.form.addEventListener('input', () => keep(this.name, { base: this.base, fields: raw(this.form) }));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.form.addEventListener('keydown', (event) => event.key === 'Escape' && !this.#changed() && this.#close());
    elements.cancel.addEventListener('click', () => this.#close());
    elements.append.addEventListener('click', () => this.#append());
    elements.reuse.addEventListener('click', () => {
      onreuse(raw(this.form));
      this.#close();
    });
    forgiveOnInput(this.form);
    sendOnCtrlEnter(this.form);
  }

  focus() {
    this.form.elements.text.focus();
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
    clearProblem(this.form);
    this.#sending = true;
    try {
      const update = await this.#send();
      drop(this.name);
      this.onsaved(update);
      this.onclose();
    } catch (error) {
      if (error.status === 410 || error.status === 404) this.form.elements.reuse.hidden = false;
      if (error.status === 412 && error.problem.current) this.#conflict(error.problem.current);
      else showProblem(this.form, error);
    } finally {
      this.#sending = false;
    }
  }

  /** Somebody pinning it while this was typed is no conflict: only where the same field differs do people decide. */
  async #send() {
    for (;;) {
      const patch = this.#patch();
      if (!Object.keys(patch).length) return this.base; // they wrote just the same
      const body = JSON.stringify([patch, this.base.rev]);
      if (body !== this.#tried.body) this.#tried = { body, key: newKey() };
      try {
        return await api('PATCH', updatePath(this.slug, this.base.id), { body: patch, rev: this.base.rev, key: this.#tried.key, patch: true });
      } catch (error) {
        const current = error.status === 412 && error.problem.current;
        if (!current || current.rev <= this.base.rev) throw error;
        const theirs = difference(rawOf(this.base), rawOf(current));
        const differs = (name) => name in theirs && JSON.stringify(theirs[name]) !== JSON.stringify(patch[name]);
        if (Object.keys(patch).some(differs)) throw error;
        this.#rebase(current);
      }
    }
  }

  /** What they changed and I did not is taken over; from here on it is their revision that I change. */
  #rebase(current) {
    const mine = this.#patch();
    const fields = rawOf(current);
    const own = raw(this.form);
    for (const name of Object.keys(fields)) if (name in mine || name === 'minor') fields[name] = own[name];
    this.base = current;
    setRaw(this.form, fields);
    keep(this.name, { base: this.base, fields: raw(this.form) });
  }

  #conflict(current) {
    this.#rebase(current);
    const box = this.form.querySelector('.conflict');
    const parts = [current.title, current.text, current.correction && `Correction: ${current.correction}`];
    box.querySelector('.theirs').textContent = parts.filter(Boolean).join('\n\n');
    box.hidden = false;
    this.form.querySelector('.primary').textContent = 'Save mine';
    say(this.form, 'Not saved yet: somebody else changed this update while you were writing.');
    box.scrollIntoView({ block: 'nearest' });
  }

  #append() {
    const { text } = this.form.elements;
    text.value = [text.value, this.base.text].filter(Boolean).join('\n\n');
    text.dispatchEvent(new Event('input', { bubbles: true }));
    text.focus();
  }

  #close() {
    drop(this.name);
    this.onclose();
  }
}
