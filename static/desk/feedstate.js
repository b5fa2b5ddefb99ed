/** Opening, closing and removing a feed; each says before what readers will see. */
import { api, newKey } from './api.js';
import { ask } from './ask.js';
import { clearProblem, say } from './form.js';

const STEPS = {
  open: ['Open this feed?', 'readers find it from now on, with all that is published in it.', 'Open it', 'Keep it a draft'],
  closed: ['Close this feed?', 'readers are told that the coverage has ended, and their pages stand still. Nothing more can be published; '
    + 'edits and deletions still work, and it can be reopened.', 'Close it', 'Keep it open'],
  reopened: ['Reopen this feed?', 'readers who come, and those whose page is still open, follow it live again.', 'Reopen it', 'Keep it closed'],
};

/** @param {object} feed @param {'open' | 'closed' | 'reopened'} step @returns {Promise<?object>} the feed as it is then; null: not done */
export async function changeStatus(feed, step) {
  const [title, words, yes, no] = STEPS[step];
  if ((await ask(title, `“${feed.title}”: ${words}`, { yes, no })) !== 'yes') return null;
  const status = step === 'closed' ? 'closed' : 'open';
  return api('PATCH', `feeds/${feed.slug}`, { body: { status }, patch: true, key: newKey() });
}

/** Removing takes typing the feed's slug. */
export class Removal {
  #feed = null;
  #key = '';

  /** @param {HTMLDialogElement} dialog @param {(slug: string) => void} onremoved */
  constructor(dialog, onremoved) {
    Object.assign(this, { dialog, onremoved, form: dialog.querySelector('form') });
    const { slug, cancel } = this.form.elements;
    slug.addEventListener('input', () => this.#check());
    cancel.addEventListener('click', () => dialog.close());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#check()) this.#remove();
    });
  }

  open(feed) {
    this.#feed = feed;
    this.#key = newKey();
    this.form.reset();
    clearProblem(this.form);
    this.dialog.querySelector('.what').textContent = feed.title;
    this.dialog.querySelector('code').textContent = feed.slug;
    this.#check();
    this.dialog.showModal();
  }

  #check() {
    const isTyped = this.form.elements.slug.value.trim() === this.#feed.slug;
    this.form.querySelector('.primary').disabled = !isTyped;
    return isTyped;
  }

  async #remove() {
    const { slug } = this.#feed;
    try {
      await api('DELETE', `feeds/${slug}?confirm=${slug}`, { key: this.#key });
      this.dialog.close();
      this.onremoved(slug);
    } catch (error) {
      if (error.status === 404) return this.dialog.close(), this.onremoved(slug); // somebody else was faster
      say(this.form, error.message, error.passing);
    }
  }
}
