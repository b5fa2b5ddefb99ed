/**
 * One text that is being written: kept here with every keystroke, on the server whenever the hands rest. What somebody else changed
 * meanwhile is taken over field by field; where both changed the same, mine becomes a draft of its own, so that neither is lost.
 */
import { api, itemPath, session, updatePath } from './api.js';
import { fieldsOf, isBlank, normal, says } from './content.js';
import { tooLong } from './form.js';
import { merge, patchOf } from './merge.js';
import { Record } from './record.js';

const IDLE_MS = 2000;
/** Where nothing can be kept here, the server has to have it soon. */
const HURRY_MS = 300;
const RETRY_MS = 5000;
const REMEMBERED = 50;
export const OUT = '/problems/already-published';
const EARLIER = 'An earlier try did go out: see the list, and edit it there. Publish again to publish this as well.';

/** Over when the server is back, or somebody has signed in again. */
const isPassing = (error) => error.passing || error.status === 401;

export class Draft extends Record {
  /** How it is kept: '', kept, denied, saving, saved, failed. */ status = '';
  /** @type {?Error} */ error = null;
  #timer = 0;
  #saving = null;
  #abort = null;
  /** What was sent, for when an answer is lost. @type {string[]} */ #sent = [];
  #end = new AbortController();

  /**
   * @param {object} kept as Record's
   * @param {{onstatus?: () => void, onfields?: (by: string, names: string[]) => void, onmoved?: (why: string) => void, onover?: () => void}} [hooks]
   *   `onfields`: somebody else's changes came in; `onmoved`: it has another id from now on; `onover`: it is published
   */
  constructor(kept, hooks = {}) {
    super(kept);
    this.hooks = hooks;
    const retry = () => this.status === 'failed' && isPassing(this.error) && this.#later(0);
    session.addEventListener('answered', retry, { signal: this.#end.signal });
  }

  /** @param {object} item of the server's */
  static of(item, feed, by) {
    return new Draft({ feed, by, id: item.id, fields: fieldsOf(item), rev: item.rev, base: normal(item.content), state: item.state });
  }

  /** Only a draft is saved by itself: what waits for review or for its time changes when its editor says so. */
  get #saves() {
    return this.state === 'draft' && this.isDirty && !this.#end.signal.aborted;
  }

  type(fields) {
    this.fields = fields;
    this.error = null;
    const lasting = this.keep();
    this.#say(lasting ? 'kept' : 'denied');
    this.#later(lasting ? IDLE_MS : HURRY_MS);
  }

  /** As it was kept: what the server does not have goes there. */
  wake() {
    this.#say(this.isDirty ? 'kept' : this.rev ? 'saved' : '');
    this.#later(IDLE_MS);
  }

  /** To the server, now. Resolves when it says there what it says here; @throws {ApiError} */
  async save() {
    clearTimeout(this.#timer);
    this.#saving ??= this.#send().finally(() => (this.#saving = null));
    await this.#saving;
  }

  /** No more of this in this tab. What is kept here stays if the server does not have it, or to be gone on with. */
  close({ goOn = false } = {}) {
    this.#end.abort();
    clearTimeout(this.#timer);
    if (!this.isDirty && !goOn) this.forget();
  }

  /** Out, in one request whatever was saved before. @returns {Promise<object>} the item, or the update */
  async publish() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    let answer;
    do answer = await this.#publish(); while (!answer);
    if (says(this.content, answer.content ?? answer)) return answer;
    this.move(EARLIER);
    throw new Error(EARLIER);
  }

  /** @returns {Promise<?object>} null: somebody's changes were taken over, once more */
  async #publish() {
    const { content, rev } = this;
    this.#remember(content);
    try {
      return await api('POST', itemPath(this.feed, this.id, 'publish'), { body: content, rev });
    } catch (error) {
      if (error.problem?.type === OUT) return this.#update(error);
      if (error.status !== 412 || !error.problem.current) throw error;
      if (this.hear(error.problem.current)) throw new Error(this.why);
      return null;
    }
  }

  /** What it became. */
  #update({ problem }) {
    return problem.update ?? api('GET', updatePath(this.feed, this.id));
  }

  /** To another state. @param {string} step @param {object} [body] @returns {Promise<object>} the item */
  async step(step, body) {
    await this.save();
    return api('POST', itemPath(this.feed, this.id, step), { body, rev: this.rev });
  }

  /** A text of its own from now on. @param {string} [why] */
  move(why = '') {
    this.renew();
    this.why = why;
    this.#sent = [];
    this.#later(IDLE_MS);
    this.hooks.onmoved?.(why);
  }

  /**
   * What the server says of it. @param {object} item
   * @returns {boolean} whether the two went apart
   */
  hear(item) {
    if (item.rev <= this.rev) return false;
    const theirs = normal(item.content);
    const mine = this.content;
    const own = this.#sent.includes(JSON.stringify(theirs));
    if (!own && this.#saving && item.changed_by === this.by) return false; // the answer is on its way
    const { merged, theirs: taken, conflicts } = merge(own ? theirs : this.base ?? {}, mine, theirs);
    if (conflicts.length) {
      this.move(`${item.changed_by} changed this text meanwhile. Theirs is in the list; yours is a draft of its own now.`);
      return true;
    }
    Object.assign(this, { rev: item.rev, base: theirs, state: item.state });
    if (taken.length) this.fields = fieldsOf({ content: { ...item.content, ...merged } });
    this.keep();
    if (taken.length) this.hooks.onfields?.(item.changed_by, taken);
    return false;
  }

  #later(ms) {
    clearTimeout(this.#timer);
    if (this.#saves) this.#timer = setTimeout(() => this.save().catch(() => {}), ms);
  }

  #say(status, error = null) {
    Object.assign(this, { status, error });
    this.hooks.onstatus?.();
  }

  #remember(content) {
    this.#sent = [...this.#sent, JSON.stringify(content)].slice(-REMEMBERED);
  }

  async #send() {
    this.#abort = null;
    try {
      while (this.isDirty) {
        this.#say('saving');
        await this.#write(this.content);
      }
      this.#say(this.rev ? 'saved' : '');
    } catch (error) {
      if (this.#abort?.signal.aborted) throw error;
      this.#say('failed', error);
      if (error.passing) this.#later(RETRY_MS);
      throw error;
    }
  }

  async #write(content) {
    const problem = tooLong(content.text);
    if (problem) throw problem;
    const { signal } = (this.#abort = new AbortController());
    const { feed, id, rev } = this;
    try {
      if (rev && isBlank(this.fields)) {
        await api('DELETE', itemPath(feed, id), { rev, signal });
        return this.move();
      }
      this.#remember(content);
      const item = rev
        ? await api('PATCH', itemPath(feed, id), { body: patchOf(this.base, content), rev, patch: true, signal })
        : await api('POST', itemPath(feed), { body: { id, ...content }, signal });
      Object.assign(this, { rev: item.rev, base: content, state: item.state });
      this.keep();
    } catch (error) {
      await this.#reconcile(error, signal);
    }
  }

  /** Somebody else was there before, or an answer was lost. */
  async #reconcile(error, signal) {
    if (error.status === 410) return this.gone();
    if (error.problem?.type === OUT) return this.gone(await this.#update(error));
    if (error.status !== 409 && error.status !== 412) throw error;
    let current = error.problem.current;
    try {
      current ??= await api('GET', itemPath(this.feed, this.id), { signal });
    } catch (second) {
      if (second.status === 404) throw error;
      return this.#reconcile(second, signal);
    }
    if (current.rev <= this.rev || current.state === 'going') throw error;
    this.hear(current);
  }

  /** It left the desk's list, or a list came without it. */
  async check() {
    try {
      this.hear(await api('GET', itemPath(this.feed, this.id)));
    } catch (error) {
      await this.#reconcile(error).catch(() => {});
    }
  }

  /** It is on the desk no more. @param {?object} update that it became */
  gone(update = null) {
    const lost = update ? !says(this.content, update) : this.isDirty || !update;
    if (lost && !isBlank(this.fields)) {
      this.move(update ? 'This text was published meanwhile. What you changed since is a draft of its own now.'
        : 'Somebody deleted this text from the desk. Yours is still here, as a new one.');
      return;
    }
    this.base = this.content;
    this.close();
    this.hooks.onover?.();
  }
}
