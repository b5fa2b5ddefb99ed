/** Texts that left the compose form and are on their way: to the drafts, to review, to the readers. Those that failed come back. */
import { claim } from './claim.js';
import { isBlank, recordName } from './content.js';
import { Draft } from './draft.js';
import { drop, kept, keptNames } from './keep.js';

export class Outbox {
  /** What is being done with each. @type {Map<Draft, string>} */ #on = new Map();
  #closed = false;

  /**
   * @param {{feed: string, by: string, onchange: () => void, ondone: (answer: object, draft: Draft, doing: string) => void, onback: (draft: Draft, error: Error) => void}} options
   *   `ondone`: with the item or the update; `onback`: it was neither published nor submitted
   */
  constructor(options) {
    Object.assign(this, options);
  }

  /** @returns {{draft: Draft, doing: string}[]} the newest first */
  get entries() {
    return [...this.#on].map(([draft, doing]) => ({ draft, doing })).reverse();
  }

  find(id) {
    return this.entries.find(({ draft }) => draft.id === id) ?? null;
  }

  close() {
    this.#closed = true;
    for (const [draft, doing] of this.#on) if (doing === 'save') draft.close();
  }

  /** As a draft. It stays here until the server has it. @param {Draft} draft */
  async save(draft) {
    this.#on.set(draft, 'save');
    draft.hooks = { onstatus: () => this.#saved(draft), onmoved: () => this.onchange(), onover: () => this.#saved(draft) };
    this.onchange();
    if (draft.isDirty) await draft.save().catch(() => {});
    else this.#saved(draft);
  }

  #saved(draft) {
    if (!draft.isDirty) {
      draft.close();
      this.#on.delete(draft);
    }
    this.onchange();
  }

  /** @param {Draft} draft @param {'publish' | 'submit' | 'schedule'} doing @param {object} [body] */
  async send(draft, doing, body) {
    draft.hooks = {};
    this.#on.set(draft, doing);
    this.onchange();
    try {
      const answer = doing === 'publish' ? await draft.publish() : await draft.step(doing, body);
      draft.forget();
      draft.close();
      this.#on.delete(draft);
      this.ondone(answer, draft, doing);
    } catch (error) {
      this.#on.delete(draft);
      if (!this.#closed) this.onback(draft, error);
    }
    this.onchange();
  }

  /** Out of here, to be written on. @param {Draft} draft */
  take(draft) {
    this.#on.delete(draft);
    draft.hooks = {};
    this.onchange();
  }

  /** What is kept here from before and is open in no tab: the server gets what it does not have. */
  async resume() {
    for (const name of keptNames(recordName(this.feed, ''))) {
      const record = kept(name);
      if (record?.by !== this.by || this.find(record.id)) continue;
      if (!(await claim(record.id, { at: record.at })) || this.#closed) continue;
      if (isBlank(record.fields)) drop(name);
      else this.save(new Draft(record));
    }
  }
}
