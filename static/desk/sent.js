/** What this tab has sent: said once when it is out, and undone, which after that means that it is deleted. */
import { api, newKey, updatePath } from './api.js';
import { ask } from './ask.js';
import { fieldsOf } from './content.js';
import { OUT } from './draft.js';
import { effect } from './effect.js';
import { nameOf } from './itemrow.js';
import { announce } from './saying.js';

export class Sent {
  /** On its way out, the newest last. @type {Map<string, string>} */ #watched = new Map();
  /** What went out last. @type {?string} */ #last = null;
  /** Undone before the server has answered. */ #wished = new Set();

  /** @param {HTMLElement} line @param {import('./writing.js').Writing} desk */
  constructor(line, desk) {
    Object.assign(this, { line, desk });
    effect.addEventListener('seen', this.#seen);
    this.#show('');
  }

  close() {
    effect.removeEventListener('seen', this.#seen);
  }

  /** It is going out on behalf of this tab. @param {object} item */
  watch(item) {
    this.#watched.set(item.id, nameOf(item));
    if (this.#wished.delete(item.id)) this.undo();
  }

  forget(id) {
    this.#watched.delete(id);
  }

  /** It became an update. @param {string} id */
  out(id) {
    const name = this.#watched.get(id);
    if (name !== undefined) this.tell(id, name);
  }

  tell(id, name) {
    this.#watched.delete(id);
    this.#last = id;
    announce('Sent');
    this.#show(`Sent: “${name}”`, id);
    if (this.#wished.delete(id)) this.undo();
  }

  #seen = ({ detail: { id } }) => {
    if (this.line.dataset.id === id) this.line.querySelector('.took').textContent = effect.told(id);
  };

  #show(text, id = '') {
    this.line.hidden = !text;
    this.line.querySelector('.what').textContent = text;
    this.line.querySelector('.took').textContent = effect.told(id);
    this.line.dataset.id = id;
  }

  /** The newest that this tab sent: off the way out, or, once it is out, removed if that is wanted. */
  undo() {
    const sending = this.desk.outbox.entries.find(({ doing }) => doing === 'publish');
    if (sending) return this.#wished.add(sending.draft.id);
    const id = [...this.#watched.keys()].at(-1) ?? this.#last;
    if (!id) return;
    if (this.desk.items.has(id)) return this.desk.actions.act('cancel', id);
    this.#try(() => this.#cancelOut(id));
  }

  async #cancelOut(id) {
    try {
      await this.desk.actions.cancel({ id, state: 'going', by: this.desk.me.name });
    } catch (error) {
      if (error.problem?.type !== OUT) throw error;
      await this.isOut(id, error.problem.update);
    }
  }

  async #try(action) {
    try {
      await action();
    } catch (error) {
      this.desk.compose.say(error.message);
    }
  }

  /** Too late. @param {string} id @param {?object} update */
  async isOut(id, update) {
    const { desk } = this;
    desk.items.untell(id, true);
    const text = `${update ? `“${update.headline}”` : 'It'} has reached readers. It can be deleted: that removes it from every page that is open, at once and for ever. `
      + 'Its words come back into your form.';
    if ((await ask('It is out already', text, { delete: 'Delete it', keep: 'Leave it there' })) !== 'delete') return;
    await api('DELETE', updatePath(desk.feed.slug, id), { key: newKey() });
    desk.ondeleted(id, update?.time);
    this.#last = null;
    this.#show('');
    announce('Deleted');
    if (update && desk.compose.isBlank) desk.compose.take({ ...fieldsOf({ content: update }), time: '' });
  }
}
