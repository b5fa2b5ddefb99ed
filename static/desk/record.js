/** A text that is being written, as it is kept on this computer: what it says here, and what the server had of it. */
import { isBlank, recordName } from './content.js';
import { payload } from './form.js';
import { newId } from './ids.js';
import { drop, keep } from './keep.js';
import { isSame } from './merge.js';

export class Record {
  /** On the server since revision … @type {number} */ rev = 0;
  /** What it says there. @type {?Record<string, unknown>} */ base = null;
  /** @type {'draft' | 'submitted' | 'scheduled' | 'going'} */ state = 'draft';

  /** @param {{feed: string, by: string, id?: string, fields: object, rev?: number, base?: object, state?: string}} kept */
  constructor({ feed, by, id = newId(), fields, rev = 0, base = null, state = 'draft' }) {
    Object.assign(this, { feed, by, id, fields, rev, base, state });
  }

  /** As the form would send it. */
  get content() {
    return payload(this.fields);
  }

  /** The server has something else, or nothing. */
  get isDirty() {
    return this.base ? !isSame(this.content, this.base) : !isBlank(this.fields);
  }

  /** @returns {boolean} whether it outlives this page */
  keep() {
    const { feed, by, id, fields, rev, base, state } = this;
    if (rev || !isBlank(fields)) return keep(recordName(feed, id), { feed, by, id, fields, rev, base, state, at: Date.now() });
    this.forget();
    return true;
  }

  forget() {
    drop(recordName(this.feed, this.id));
  }

  /** From now on it is another one, that the server has not seen. */
  renew() {
    this.forget();
    Object.assign(this, { id: newId(), rev: 0, base: null, state: 'draft' });
    this.keep();
  }
}
