/** The compose form. What is typed is kept until it is published, with the key under which it goes out, so that no retry doubles it. */
import { fill } from '../client/html.js';
import { api, newKey, updatePath } from './api.js';
import { EMPTY, clearProblem, forgiveOnInput, payload, raw, say, sendOnCtrlEnter, setRaw, showProblem } from './form.js';
import { drop, keep, kept } from './keep.js';

const PREVIEW_MS = 300;
const BLANK = { title: '', text: '', tags: '', time: '', breaking: false, key: false, pinned: false };

export class Compose {
  /** @type {?string} */ #slug = null;
  /** Made at the first keystroke. @type {?string} */ #key = null;
  #sending = false;
  #timer = 0;

  /** @param {HTMLFormElement} form @param {{onpublished: (feed: string, update: object) => void}} options */
  constructor(form, { onpublished }) {
    Object.assign(this, { form, onpublished });
    this.button = form.querySelector('.primary');
    this.preview = form.querySelector('.preview');
    this.note = form.querySelector('#kept');
    form.addEventListener('input', () => this.#typed());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#publish();
    });
    form.elements.clear.addEventListener('click', () => this.#clear());
    this.preview.addEventListener('toggle', () => this.#show());
    forgiveOnInput(form);
    sendOnCtrlEnter(form);
  }

  get #name() {
    return `draft:${this.#slug}`;
  }

  get isEmpty() {
    return !this.form.elements.text.value.trim() && !this.form.elements.title.value.trim();
  }

  /** Another feed, with what was typed for it. @param {{slug: string, status: string}} feed */
  use({ slug, status }) {
    this.form.querySelector('#closed').hidden = status !== 'closed';
    this.button.disabled = status === 'closed';
    if (slug === this.#slug) return;
    this.#slug = slug;
    clearProblem(this.form);
    const draft = kept(this.#name);
    this.#key = draft?.key ?? null;
    setRaw(this.form, { author: kept('author') ?? '', ...BLANK, ...draft?.fields });
    this.#say(draft ? 'Kept from before' : '');
    this.#show();
  }

  /** Begin with these fields, of a text that has no place any more. @param {Record<string, string | boolean>} fields */
  take(fields) {
    const text = [this.form.elements.text.value, fields.text].filter(Boolean).join('\n\n');
    const title = this.form.elements.title.value || fields.title;
    clearProblem(this.form);
    setRaw(this.form, { ...fields, text, title, time: this.form.elements.time.value });
    this.#typed();
    this.form.elements.text.focus();
  }

  #typed() {
    this.#key ??= newKey();
    const fields = raw(this.form);
    const lasting = keep(this.#name, { key: this.#key, fields });
    keep('author', fields.author);
    this.#say(lasting ? 'Kept on this computer' : 'Not kept: this browser denies storage');
    this.#show();
  }

  async #publish() {
    if (this.#sending || !this.#slug || this.button.disabled) return;
    const slug = this.#slug;
    const fields = raw(this.form);
    if (!fields.text.trim()) return showProblem(this.form, EMPTY);
    this.#key ??= newKey();
    const key = this.#key;
    this.#busy(true);
    clearProblem(this.form);
    try {
      const update = await api('POST', updatePath(slug), { body: published(fields), key });
      this.#done(slug, fields);
      this.onpublished(slug, update);
    } catch (error) {
      // Its draft, with the key, waits at the feed that it was for.
      if (slug === this.#slug) this.#failed(error);
    } finally {
      this.#busy(false);
    }
  }

  /** What was typed while it went out is another update. */
  #done(slug, sent) {
    const isSent = (fields) => JSON.stringify(fields) === JSON.stringify(sent);
    if (slug !== this.#slug) {
      const draft = kept(`draft:${slug}`);
      if (!draft || isSent(draft.fields)) drop(`draft:${slug}`);
      else keep(`draft:${slug}`, { ...draft, key: newKey() });
      return;
    }
    this.#key = null;
    if (!isSent(raw(this.form))) return this.#typed();
    this.#reset();
    this.#say('Published');
    this.form.elements.text.focus();
  }

  #failed(error) {
    showProblem(this.form, error);
    // Of an earlier try only the answer was lost: that text is out, this one is another.
    if (error.problem?.type === '/problems/idempotency-mismatch') {
      this.#key = newKey();
      this.#typed();
      say(this.form, 'An earlier try did go out: see the list, and edit it there. Publish again to publish this as well.');
    }
  }

  #clear() {
    clearProblem(this.form);
    this.#reset();
    this.#say('');
    this.form.elements.text.focus();
  }

  #reset() {
    drop(this.#name);
    this.#key = null;
    setRaw(this.form, BLANK);
    this.#show();
  }

  #busy(sending) {
    this.#sending = sending;
    this.form.setAttribute('aria-busy', String(sending));
    this.button.textContent = sending ? 'Publishing…' : 'Publish';
  }

  #say(text) {
    this.note.textContent = text;
  }

  /** Exactly as readers will see it: the server renders. */
  #show() {
    clearTimeout(this.#timer);
    if (this.preview.open) this.#timer = setTimeout(() => this.#render(), PREVIEW_MS);
  }

  async #render() {
    const text = this.form.elements.text.value;
    const body = this.preview.querySelector('.body');
    if (!text.trim()) return body.replaceChildren();
    try {
      const { html } = await api('POST', 'render', { body: { text, format: 'markdown' } });
      if (text === this.form.elements.text.value) fill(body, html);
    } catch (error) {
      body.textContent = error.fields?.[0]?.message ?? error.message;
    }
  }
}

/** Without what was left empty: the server has its own idea of it. */
function published(fields) {
  return Object.fromEntries(Object.entries(payload(fields)).filter(([, value]) => value !== null));
}
