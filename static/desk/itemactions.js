/** What the buttons of the lists do. */
import { api, itemPath, newKey } from './api.js';
import { ask } from './ask.js';
import { askNote, askTime } from './asktime.js';
import { Draft, OUT } from './draft.js';
import { effect } from './effect.js';
import { nameOf } from './itemrow.js';
import { announce } from './saying.js';

export class ItemActions {
  /** What went wrong, by item. @type {Map<string, Error>} */ errors = new Map();
  #busy = new Set();

  /** @param {import('./writing.js').Writing} desk */
  constructor(desk) {
    this.desk = desk;
  }

  #path(id, step) {
    return itemPath(this.desk.feed.slug, id, step);
  }

  /** For ever. @param {string} id */
  async remove(id) {
    await api('DELETE', this.#path(id), { key: newKey() });
    this.desk.items.untell(id, false);
  }

  /** A button of a row. @param {string} action @param {string} id */
  async act(action, id) {
    const { desk } = this;
    const local = desk.outbox.find(id);
    const item = desk.items.get(id) ?? (local && { id, state: 'draft', rev: local.draft.rev, content: local.draft.content });
    if (!item || this.#busy.has(id)) return;
    this.errors.delete(id);
    if (action === 'edit') return this.#open(item, local?.draft);
    if (local && local.doing === 'save' && ['publish', 'submit'].includes(action)) {
      desk.outbox.take(local.draft);
      return desk.outbox.send(local.draft, action);
    }
    this.#busy.add(id);
    try {
      await this.#carryOut(action, item, local);
    } catch (error) {
      if (error.problem?.type === OUT) await desk.sent.isOut(id, error.problem.update);
      else this.errors.set(id, error);
    } finally {
      this.#busy.delete(id);
      desk.render();
    }
  }

  async #carryOut(action, item, local) {
    const { desk } = this;
    const { id, rev } = item;
    const post = (step, body) => api('POST', this.#path(id, step), { body, rev: ['cancel', 'release'].includes(step) ? 0 : rev });
    if (action === 'publish') effect.pressed(id);
    if (action === 'publish') desk.done(await post('publish'), 'publish');
    else if (action === 'submit') desk.done(await post('submit'), 'submit');
    else if (action === 'cancel') await this.cancel(item);
    else if (action === 'release') await this.#release(id, post);
    else if (action === 'return') await this.#return(item, post);
    else if (action === 'schedule') {
      const time = await askTime(item.due);
      if (time && local) await desk.outbox.send((desk.outbox.take(local.draft), local.draft), 'schedule', { time });
      else if (time) desk.done(await post('schedule', { time }), 'schedule');
    } else if (action === 'delete') {
      const text = `“${nameOf(item)}” is removed from the desk, and cannot be brought back.`;
      if ((await ask('Delete this text?', text, { delete: 'Delete', keep: 'Keep' })) !== 'delete') return;
      if (local) {
        desk.outbox.take(local.draft);
        local.draft.close();
        local.draft.forget();
      }
      if (item.rev) await this.remove(id);
      announce('Deleted');
    }
  }

  async #release(id, post) {
    effect.pressed(id);
    const update = await post('release');
    this.desk.items.untell(id, true);
    this.desk.onpublished(update);
    this.desk.sent.tell(id, update.headline);
  }

  /** Off the way out, off the schedule, out of the queue; what was mine comes back into the form if that is free. */
  async cancel({ id, state, by }) {
    const item = await api('POST', this.#path(id, 'cancel'));
    this.desk.sent.forget(id);
    this.desk.items.tell(item);
    const { compose, me } = this.desk;
    const free = compose.isBlank && (by === me.name || state !== 'submitted');
    if (free) this.#open(item);
    announce(free ? 'Cancelled: the text is in the form again' : 'Cancelled: the text is in the drafts');
  }

  async #return(item, post) {
    const note = await askNote(nameOf(item));
    if (!note) return;
    const { compose, items } = this.desk;
    const { draft } = compose;
    if (draft?.id === item.id) {
      await draft.save();
      compose.leave()?.close();
    }
    items.tell(await api('POST', this.#path(item.id, 'return'), { body: { note }, rev: items.get(item.id)?.rev }));
    announce(`Returned to ${item.by}`);
  }

  async #open(item, local) {
    const { compose, outbox, feed, me } = this.desk;
    const before = compose.draft;
    if (before?.id === item.id) return compose.focus();
    if (before && before.state !== 'draft' && before.isDirty) {
      compose.say('Save or leave this text first.');
      return compose.focus();
    }
    if (before) outbox.save(compose.leave());
    if (local) outbox.take(local);
    const draft = local ?? Draft.of(item, feed.slug, me.name);
    if (item.by && item.by !== me.name) draft.theirs = item.by;
    compose.open(draft);
  }
}
