/** The coverage as one text: its key events, oldest first, to be pasted into an article. */
import { api } from './api.js';
import { offerCopy } from './copying.js';
import { say } from './form.js';

const NONE = 'Nothing of this feed is a key event yet. Mark the updates that tell the story, with “Key event”, and they are collected here.';

export class Story {
  #feed = null;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    Object.assign(this, { dialog, form: dialog.querySelector('form'), text: dialog.querySelector('textarea') });
    offerCopy(dialog);
    this.form.addEventListener('change', () => this.#load());
    this.form.elements.close.addEventListener('click', () => dialog.close());
  }

  /** @param {{slug: string, title: string, lang: string}} feed */
  open(feed) {
    this.#feed = feed;
    this.dialog.querySelector('.about').textContent = feed.title;
    this.text.lang = feed.lang;
    this.dialog.showModal();
    return this.#load();
  }

  async #load() {
    const [{ slug }, format] = [this.#feed, this.form.elements.format.value];
    say(this.form, '');
    this.#show('', format);
    try {
      const [story, { updates }] = await Promise.all([
        api('GET', `feeds/${slug}/story?format=${format}`, { asText: true }), api('GET', `feeds/${slug}/updates?key=1&limit=1`)]);
      if (slug !== this.#feed.slug || format !== this.form.elements.format.value) return;
      if (updates.length) this.#show(story, format);
      else say(this.form, NONE);
    } catch (error) {
      say(this.form, error.message, error.passing);
    }
  }

  #show(text, format) {
    this.text.value = text;
    this.text.toggleAttribute('data-html', format === 'html');
    this.form.elements.copy.disabled = !text;
    this.dialog.querySelector('.copied').textContent = '';
  }
}
