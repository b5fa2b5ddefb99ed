/** What the buttons of the form and of the lists do. */
import { api, itemPath, newKey, updatePath } from './api.js';
import { ask } from './ask.js';
import { askNote, askTime } from './asktime.js';
import { fieldsOf } from './content.js';
import { Draft, OUT } from './draft.js';
import { effect } from './effect.js';
import { nameOf } from './itemrow.js';
import { announce } from './saying.js';

const element = (id) => document.getElementById(id);

export class ItemActions {
  /** What went wrong, by item. @type {Map<string, Error>} */ errors = new Map();
  /** What this tab published and is not out yet, the newest last. @type {Map<string, string>} */ #watched = new Map();
  /** What this tab published last. @type {?{id: string}} */ #last = null;
  #busy = new Set();

  /** @param {import('./writing.js').Writing} desk */
  constructor(desk) {
    this.desk = desk;
    this.#showSent('');
  }

  #path(id, step) {
    return itemPath(this.desk.feed.slug, id, step);
  }

  /** It is going out on behalf of this tab. */
  watch(item) {
    this.#watched.set(item.id, nameOf(item));
  }

  /** It became an update. @param {string} id */
  out(id) {
    const name = this.#watched.get(id);
    if (name !== undefined) this.sent(id, name);
  }

  sent(id, name) {
    this.#watched.delete(id);
    this.#last = { id };
    announce('Sent');
    this.#showSent(`Sent: “${name}”`, id);
  }

  #showSent(text, id = '') {
    const line = element('sent');
    line.hidden = !text;
    line.querySelector('.what').textContent = text;
    line.querySelector('.took').textContent = effect.told(id);
    line.dataset.id = id;
  }

  /** A button of the form. @param {string} act */
  async form(act) {
    const { desk } = this;
    const { compose, outbox } = desk;
    if (act === 'undo') return this.undo();
    if (act === 'send') return this.#leaveFor(desk.editor ? 'publish' : 'submit');
    if (act === 'submit') return this.#leaveFor('submit');
    const { draft } = compose;
    if (act === 'schedule') {
      if (!compose.check()) return;
      const time = await askTime(desk.items.get(draft?.id)?.due);
      if (time && draft === compose.draft) return this.#leaveFor('schedule', { time });
      return compose.focus();
    }
    if (!draft) return compose.focus();
    if (act === 'return') return this.row('return', draft.id);
    if (act === 'save') await this.#save(draft);
    else if (act === 'leave') await this.#leave(draft);
    else if (act === 'discard') await this.#discard(draft);
    compose.focus();
    return outbox.onchange();
  }

  #leaveFor(doing, body) {
    const { compose, outbox } = this.desk;
    if (doing === 'publish' && this.desk.feed.status === 'closed') return compose.say('This feed is closed: nothing can be published in it. Your text is kept.');
    if (!compose.check()) return compose.focus();
    const draft = compose.leave();
    compose.focus();
    // The stream may bring it back before the answer has come.
    if (doing === 'publish') effect.pressed(draft.id);
    return outbox.send(draft, doing, body);
  }

  async #save(draft) {
    const { compose, outbox } = this.desk;
    if (draft.state === 'draft') return outbox.save(compose.leave());
    try {
      await draft.save();
      compose.leave()?.close();
      announce('Saved');
    } catch (error) {
      compose.fail(error);
    }
  }

  async #leave(draft) {
    const lost = draft.isDirty && (await ask('Leave without saving?', 'What you changed in this text is not saved.', { leave: 'Leave', stay: 'Go on writing' })) !== 'leave';
    if (lost || draft !== this.desk.compose.draft) return;
    draft.forget();
    this.desk.compose.leave();
    draft.close();
    draft.forget();
  }

  async #discard(draft) {
    const text = 'It is removed from this computer and from the desk, and cannot be brought back.';
    if (draft.isDirty || draft.rev) {
      if ((await ask('Discard this text?', text, { discard: 'Discard', keep: 'Keep' })) !== 'discard') return;
    }
    const { compose } = this.desk;
    if (draft !== compose.draft) return;
    compose.leave();
    try {
      if (draft.rev) await this.#delete(draft.id);
      draft.close();
      draft.forget();
    } catch (error) {
      compose.open(draft);
      compose.fail(error);
    }
  }

  async #delete(id) {
    await api('DELETE', this.#path(id), { key: newKey() });
    this.desk.items.untell(id, false);
  }

  /** A button of a row. @param {string} action @param {string} id */
  async row(action, id) {
    const { desk } = this;
    const local = desk.outbox.find(id);
    const item = desk.items.get(id) ?? (local && { id, state: 'draft', rev: local.draft.rev, content: local.draft.content });
    if (!item || this.#busy.has(id)) return;
    if (action === 'edit') return this.#open(item, local?.draft);
    if (local && local.doing === 'save' && ['publish', 'submit'].includes(action)) {
      desk.outbox.take(local.draft);
      return desk.outbox.send(local.draft, action);
    }
    this.#busy.add(id);
    this.errors.delete(id);
    try {
      await this.#carryOut(action, item, local);
    } catch (error) {
      if (error.problem?.type === OUT) await this.#isOut(id, error.problem.update);
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
    else if (action === 'cancel') await this.#cancel(item);
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
      if (item.rev) await this.#delete(id);
      announce('Deleted');
    }
  }

  async #release(id, post) {
    effect.pressed(id);
    const update = await post('release');
    this.desk.items.untell(id, true);
    this.desk.onpublished(update);
    this.sent(id, update.headline);
  }

  /** Off the way out, off the schedule, out of the queue; what was mine comes back into the form if that is free. */
  async #cancel({ id, state, by }) {
    const item = await api('POST', this.#path(id, 'cancel'));
    this.#watched.delete(id);
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

  /** The newest that this tab sent: off the way out, or, once it is out, removed if that is wanted. */
  undo() {
    const id = [...this.#watched.keys()].at(-1) ?? this.#last?.id;
    if (!id) return;
    if (this.desk.items.has(id)) return this.row('cancel', id);
    this.#try(() => this.#cancelOut(id));
  }

  async #cancelOut(id) {
    try {
      await this.#cancel({ id, state: 'going', by: this.desk.me.name });
    } catch (error) {
      if (error.problem?.type !== OUT) throw error;
      await this.#isOut(id, error.problem.update);
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
  async #isOut(id, update) {
    const { desk } = this;
    desk.items.untell(id, true);
    const text = `${update ? `“${update.headline}”` : 'It'} has reached readers. It can be deleted: that removes it from every page that is open, at once and for ever. `
      + 'Its words come back into your form.';
    if ((await ask('It is out already', text, { delete: 'Delete it', keep: 'Leave it there' })) !== 'delete') return;
    await api('DELETE', updatePath(desk.feed.slug, id), { key: newKey() });
    desk.ondeleted(id, update?.time);
    this.#last = null;
    this.#showSent('');
    announce('Deleted');
    if (update && desk.compose.isBlank) desk.compose.take({ ...fieldsOf({ content: update }), time: '' });
  }
}
