/** Pictures: from a file, the clipboard or a camera to the server, and the field that describes one. */
import { h } from '../ticker/article.js';
import { ApiError, session } from './api.js';
import { UNDESCRIBED } from './form.js';

const TYPES = 'image/jpeg,image/png,image/webp';

const BUSY = 'The picture is still on its way: wait, or cancel it.';

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');

/** What to tell of a failure. @param {Error & {fields?: {field: string, message: string}[]}} error */
export const words = (error) => sentence(error.fields?.map(({ message }) => message).join('; ') || error.message);

function answerOf(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return undefined;
  }
}

/**
 * @param {Blob} file
 * @param {{onprogress?: (sent: number) => void, signal?: AbortSignal}} [options] `sent`: from 0 to 1
 * @returns {Promise<?{url: string, width: number, height: number}>} null: aborted
 * @throws {ApiError}
 */
export function upload(file, { onprogress, signal } = {}) {
  // fetch tells nothing of how much has been sent.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    const fail = () => reject(new ApiError(request.status, answerOf(request)));
    signal?.addEventListener('abort', () => request.abort());
    request.upload.addEventListener('progress', ({ loaded, total }) => onprogress?.(total ? loaded / total : 0));
    request.addEventListener('abort', () => resolve(null));
    request.addEventListener('error', fail);
    request.addEventListener('load', () => {
      const { url, width, height } = answerOf(request) ?? {};
      if (request.status === 201 && url) {
        session.dispatchEvent(new Event('answered'));
        return resolve({ url, width, height });
      }
      if (request.status === 401) session.dispatchEvent(new Event('signedout'));
      fail();
    });
    request.open('POST', '/v1/images');
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    request.send(file);
  });
}

/** The file that was dropped or pasted; null where it is rather a text with a picture of itself. @param {?DataTransfer} data */
export function fileIn(data) {
  if (!data || [...data.types].some((type) => type === 'text/plain' || type === 'text/html')) return null;
  return data.files[0] ?? null;
}

const field = (label, hint, control) => h('label', { class: 'field' }, label, hint && ' ', hint && h('small', {}, hint), control);

const button = (text) => h('button', { type: 'button', class: 'plain' }, text);

/** One picture of an update: added, described, removed. What the form around it keeps and sends is its `value`. */
export class ImageField {
  /** @type {?{url: string, width: ?number, height: ?number}} */ #image = null;
  /** Of the upload that is going on. @type {?AbortController} */ #upload = null;
  #listening = new AbortController();

  /**
   * @param {HTMLElement} root what becomes the field
   * @param {{within?: HTMLElement, oninput?: () => void, image?: ?object}} [options] `within`: where pictures may be dropped and pasted, if not
   *   in the form around it; `oninput`: something has changed
   */
  constructor(root, { within = root.closest('form') ?? root, oninput, image = null } = {}) {
    Object.assign(this, { root, oninput });
    this.file = h('input', { type: 'file', accept: TYPES, hidden: '' });
    this.camera = h('input', { type: 'file', accept: TYPES, capture: 'environment', hidden: '' });
    this.add = button('Add a picture');
    this.shoot = h('button', { type: 'button', class: 'plain camera' }, 'Take a photo');
    this.cancel = button('Cancel');
    this.remove = button('Remove the picture');
    this.bar = h('progress', { max: 1, value: 0, 'aria-label': 'Uploading the picture' });
    this.shown = h('img', { alt: '' });
    this.alt = h('textarea', { rows: 2, maxlength: 1000, required: '', 'aria-required': 'true' });
    this.caption = h('input', { maxlength: 1000, autocomplete: 'off' });
    this.credit = h('input', { maxlength: 200, autocomplete: 'off' });
    this.note = h('p', { class: 'field-problem', role: 'alert', id: `image-problem-${Math.random().toString(36).slice(2)}`, hidden: '' });
    this.said = h('p', { class: 'unseen', 'aria-live': 'polite' });
    this.#build();
    this.#listen(within);
    this.value = image;
  }

  /** As an update's `image` takes it; null: there is none. */
  get value() {
    if (!this.#image) return null;
    const text = (input) => input.value.trim() || null;
    return { ...this.#image, alt: this.alt.value.trim(), caption: text(this.caption), credit: text(this.credit) };
  }

  set value(image) {
    this.#upload?.abort();
    this.#image = image && { url: image.url, width: image.width ?? null, height: image.height ?? null };
    for (const name of ['alt', 'caption', 'credit']) this[name].value = image?.[name] ?? '';
    this.#say('');
    this.#show();
  }

  get busy() {
    return this.#upload !== null;
  }

  /** Whether it can be sent as it is; if not, it says why and takes the focus. */
  check() {
    const problem = this.busy ? BUSY : this.#image && !this.alt.value.trim() ? UNDESCRIBED : '';
    if (problem) this.#complain(problem);
    return !problem;
  }

  /** What the server says of the image beside it. @param {Error & {fields?: {field: string, message: string}[]}} error @returns {boolean} whether it did */
  show(error) {
    const ours = error.fields?.filter((problem) => /^image\b/.test(problem.field)) ?? [];
    if (ours.length) this.#complain(words({ ...error, fields: ours }));
    return ours.length > 0;
  }

  /** Send a file; a second one takes the place of the first. @param {Blob} file */
  async take(file) {
    this.#upload?.abort();
    const mine = (this.#upload = new AbortController());
    const focused = this.root.contains(document.activeElement);
    this.#say('');
    this.bar.value = 0;
    this.#show();
    if (focused) this.cancel.focus();
    let image = null;
    let problem = '';
    try {
      image = await upload(file, { signal: mine.signal, onprogress: (sent) => (this.bar.value = sent) });
    } catch (error) {
      problem = words(error);
    }
    if (this.#upload !== mine) return; // another came, or the field was set meanwhile
    const stayed = document.activeElement === this.cancel;
    this.#upload = null;
    if (image) this.#image = image;
    this.#show();
    this.#say(problem);
    if (image) this.said.textContent = 'The picture is there. Say what it shows.';
    if (stayed) (this.#image ? this.alt : this.add).focus();
    this.oninput?.();
  }

  /** Stop listening, and leave nothing behind. */
  destroy() {
    this.#upload?.abort();
    this.#upload = null;
    this.#listening.abort();
    this.root.replaceChildren();
  }

  #build() {
    this.alt.setAttribute('aria-describedby', this.note.id);
    this.empty = h('div', { class: 'actions empty' }, this.add, this.shoot, h('span', { class: 'hint' }, 'or drop or paste one'));
    this.going = h('div', { class: 'actions' }, this.bar, this.cancel);
    this.filled = h('div', { class: 'described' },
      h('figure', {}, this.shown),
      field('What the picture shows', 'for those who do not see it', this.alt),
      h('div', { class: 'fields' }, h('div', {}, field('Caption', 'optional', this.caption)), h('div', {}, field('Credit', 'optional', this.credit))),
      h('p', { class: 'actions' }, this.remove));
    this.root.classList.add('image-field');
    this.root.setAttribute('role', 'group');
    this.root.setAttribute('aria-label', 'Picture');
    this.root.replaceChildren(this.file, this.camera, this.empty, this.going, this.filled, this.note, this.said);
  }

  #listen(within) {
    const on = (target, type, act) => target.addEventListener(type, act, { signal: this.#listening.signal });
    on(this.add, 'click', () => this.file.click());
    on(this.shoot, 'click', () => this.camera.click());
    on(this.cancel, 'click', () => this.#upload?.abort());
    on(this.remove, 'click', () => this.#drop());
    for (const input of [this.file, this.camera]) {
      on(input, 'change', () => {
        if (input.files[0]) this.take(input.files[0]);
        input.value = ''; // or the same file, chosen again, would be no change
      });
    }
    for (const input of [this.alt, this.caption, this.credit]) {
      on(input, 'input', () => {
        if (input === this.alt) this.#say('');
        this.oninput?.();
      });
    }
    on(within, 'paste', (event) => this.#given(event, event.clipboardData));
    on(within, 'dragover', (event) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      this.root.classList.add('is-over');
    });
    on(within, 'dragleave', ({ relatedTarget }) => within.contains(relatedTarget) || this.root.classList.remove('is-over'));
    on(within, 'drop', (event) => {
      this.root.classList.remove('is-over');
      this.#given(event, event.dataTransfer);
    });
  }

  #given(event, data) {
    const file = fileIn(data);
    if (!file) return;
    event.preventDefault();
    this.take(file);
  }

  #drop() {
    this.value = null;
    this.add.focus();
    this.oninput?.();
  }

  #show() {
    this.empty.hidden = this.busy || this.#image !== null;
    this.going.hidden = !this.busy;
    this.filled.hidden = this.#image === null;
    if (this.#image) this.shown.src = this.#image.url;
    else this.shown.removeAttribute('src');
    if (!this.#image) this.said.textContent = '';
  }

  #complain(text) {
    this.#say(text);
    if (this.#image) this.alt.setAttribute('aria-invalid', 'true');
    (this.busy ? this.cancel : this.#image ? this.alt : this.add).focus();
  }

  /** Below what it is about. */
  #say(text) {
    const about = this.busy ? this.going : this.#image ? this.alt.parentElement : this.empty;
    if (this.note.previousElementSibling !== about) about.after(this.note);
    this.note.textContent = text;
    this.note.hidden = !text;
    this.alt.removeAttribute('aria-invalid');
  }
}

/** @param {HTMLElement} root @param {ConstructorParameters<typeof ImageField>[1]} [options] @returns {ImageField} */
export const imageField = (root, options) => new ImageField(root, options);
