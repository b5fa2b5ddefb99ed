/** A text that goes to the server whenever the hands rest, and again until it is there. What to write, and what to do when that fails, Draft says. */
import { session } from './api.js';
import { Record } from './record.js';

const IDLE_MS = 2000;
/** Where nothing can be kept here, the server has to have it soon. */
const HURRY_MS = 300;
const RETRY_MS = 5000;
const REMEMBERED = 50;

/** Over when the server is back, or somebody has signed in again. */
const isPassing = (error) => error.passing || error.status === 401;

export class Saver extends Record {
  /** How it is kept: '', kept, denied, saving, saved, failed. */ status = '';
  /** @type {?Error} */ error = null;
  #timer = 0;
  #saving = null;
  /** Of the request that is under way. @type {?AbortController} */ abort = null;
  /** What was sent, for when an answer is lost. @type {string[]} */ sent = [];
  /** Aborted: nothing more is done with it in this tab. */ end = new AbortController();

  /**
   * @param {object} kept as Record's
   * @param {{onstatus?: () => void, onfields?: (by: string, names: string[]) => void, onmoved?: (why: string) => void, onover?: (update: ?object) => void}} [hooks]
   *   `onfields`: somebody else's changes came in; `onmoved`: it has another id from now on; `onover`: it became this update, or is gone
   */
  constructor(kept, hooks = {}) {
    super(kept);
    this.hooks = hooks;
    const retry = () => this.status === 'failed' && isPassing(this.error) && this.later(0);
    session.addEventListener('answered', retry, { signal: this.end.signal });
  }

  /** Only a draft is saved by itself: what waits for review or for its time changes when its editor says so. */
  get #saves() {
    return this.state === 'draft' && this.isDirty && !this.end.signal.aborted;
  }

  type(fields) {
    this.fields = fields;
    this.error = null;
    const lasting = this.keep();
    this.say(lasting ? 'kept' : 'denied');
    this.later(lasting ? IDLE_MS : HURRY_MS);
  }

  /** As it was kept: what the server does not have goes there. */
  wake() {
    this.say(this.isDirty ? 'kept' : this.rev ? 'saved' : '');
    this.later();
  }

  /** To the server, now. Resolves when it says there what it says here; @throws {ApiError} */
  async save() {
    clearTimeout(this.#timer);
    this.#saving ??= this.#send().finally(() => (this.#saving = null));
    await this.#saving;
  }

  /** No more of this in this tab. What is kept here stays if the server does not have it, or to be gone on with. */
  close({ goOn = false } = {}) {
    this.end.abort();
    clearTimeout(this.#timer);
    if (!this.isDirty && !goOn) this.forget();
  }

  get isSaving() {
    return this.#saving !== null;
  }

  /** What is under way is given up: something else follows that says all of it. */
  halt() {
    clearTimeout(this.#timer);
    this.abort?.abort();
  }

  later(ms = IDLE_MS) {
    clearTimeout(this.#timer);
    if (this.#saves) this.#timer = setTimeout(() => this.save().catch(() => {}), ms);
  }

  say(status, error = null) {
    Object.assign(this, { status, error });
    this.hooks.onstatus?.();
  }

  remember(content) {
    this.sent = [...this.sent, JSON.stringify(content)].slice(-REMEMBERED);
  }

  async #send() {
    this.abort = null;
    try {
      while (this.isDirty) {
        this.say('saving');
        await this.write(this.content);
      }
      this.say(this.rev ? 'saved' : '');
    } catch (error) {
      if (this.abort?.signal.aborted) throw error;
      this.say('failed', error);
      if (error.passing) this.later(RETRY_MS);
      throw error;
    }
  }
}
