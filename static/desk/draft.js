/**
 * One text that is being written: kept here with every keystroke, on the server whenever the hands rest. What somebody else changed
 * meanwhile is taken over field by field; where both changed the same, mine becomes a draft of its own, so that neither is lost.
 */
import { api, itemPath, updatePath } from './api.js';
import { fieldsOf, isBlank, normal, says } from './content.js';
import { UNDESCRIBED, tooLong } from './form.js';
import { merge, patchOf } from './merge.js';
import { Saver } from './saver.js';

export const OUT = '/problems/already-published';
const EARLIER = 'An earlier try did go out: see the list, and edit it there. Publish again to publish this as well.';

export class Draft extends Saver {
  /** @param {object} item of the server's */
  static of(item, feed, by) {
    return new Draft({ feed, by, id: item.id, fields: fieldsOf(item), rev: item.rev, base: normal(item.content), state: item.state });
  }

  /** Out, in one request whatever was saved before. @returns {Promise<object>} the item, or the update */
  async publish() {
    this.halt();
    let answer;
    do answer = await this.#publish(); while (!answer);
    if (says(this.content, answer.content ?? answer)) return answer;
    this.move(EARLIER);
    throw new Error(EARLIER);
  }

  /** @returns {Promise<?object>} null: somebody's changes were taken over, once more */
  async #publish() {
    const { content, rev } = this;
    this.remember(content);
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
    this.sent = [];
    this.later();
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
    const own = this.sent.includes(JSON.stringify(theirs));
    if (!own && this.isSaving && item.changed_by === this.by) return false; // the answer is on its way
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

  /** @param {object} content what it says now */
  async write(content) {
    const problem = tooLong(content.text);
    if (problem) throw problem;
    if (content.image && !content.image.alt) throw new Error(UNDESCRIBED);
    const { signal } = (this.abort = new AbortController());
    const { feed, id, rev } = this;
    try {
      if (rev && isBlank(this.fields)) {
        await api('DELETE', itemPath(feed, id), { rev, signal });
        return this.move();
      }
      this.remember(content);
      const item = rev
        ? await api('PATCH', itemPath(feed, id), { body: patchOf(this.base, content), rev, patch: true, signal })
        : await api('POST', itemPath(feed), { body: { id, ...content }, signal });
      Object.assign(this, { rev: item.rev, base: content, state: item.state });
      if (!this.end.signal.aborted) this.keep();
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
    this.hooks.onover?.(update);
  }
}
