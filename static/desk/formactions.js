/** What the buttons of the form do. */
import { ask } from './ask.js';
import { askTime } from './asktime.js';
import { effect } from './effect.js';
import { announce } from './saying.js';

const CLOSED = 'This feed is closed: nothing can be published in it. Your text is kept.';

export class FormActions {
  /** @param {import('./writing.js').Writing} desk */
  constructor(desk) {
    this.desk = desk;
  }

  /** A button of the form. @param {string} act */
  async act(act) {
    const { desk } = this;
    const { compose, outbox } = desk;
    if (act === 'undo') return desk.sent.undo();
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
    if (act === 'return') return desk.actions.act('return', draft.id);
    if (act === 'save') await this.#save(draft);
    else if (act === 'leave') await this.#leave(draft);
    else if (act === 'discard') await this.#discard(draft);
    compose.focus();
    return outbox.onchange();
  }

  #leaveFor(doing, body) {
    const { compose, outbox } = this.desk;
    if (doing === 'publish' && this.desk.feed.status === 'closed') return compose.say(CLOSED);
    if (!compose.check()) return;
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
      if (draft.rev) await this.desk.actions.remove(draft.id);
      draft.close();
      draft.forget();
    } catch (error) {
      compose.open(draft);
      compose.fail(error);
    }
  }
}
