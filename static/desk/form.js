/** Forms of the desk: from an update to fields and back, and what the server says beside the field that it is about. */
import { h } from '../ticker/article.js';

/** A problem that needs no server. */
export const EMPTY = { message: '', fields: [{ field: 'text', message: 'write something first' }] };

/** As many characters as an update's text may have. */
export const MOST = 20_000;

/** Another one. @param {string} text @returns {?object} null: it is short enough */
export const tooLong = (text) => (text.length <= MOST ? null
  : { message: '', fields: [{ field: 'text', message: `at most ${MOST.toLocaleString('en')} characters are allowed, and this has ${text.length.toLocaleString('en')}` }] });

/** A picture without words; of its field, images.js tells. */
export const UNDESCRIBED = 'Say what the picture shows, for those who do not see it.';

/** A form with nothing in it; its author is remembered. */
export const BLANK = { title: '', text: '', tags: '', time: '', link: '', label: '', image: '', breaking: false, key: false, pinned: false };

const MARKED = 'Not sent: see the marked fields.';

const pad = (number) => String(number).padStart(2, '0');

/** @param {?string} iso @returns {string} as `<input type="datetime-local">` wants it, on this computer's clock */
export function toLocal(iso) {
  if (!iso) return '';
  const at = new Date(iso);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(pad).join('-');
  return `${date}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':')}`;
}

/** @param {string} local @returns {?string} */
export const fromLocal = (local) => (local ? new Date(local).toISOString().replace('.000Z', 'Z') : null);

/** What stands in the fields, as it can be kept. @param {HTMLFormElement} form @returns {Record<string, string | boolean>} */
export function raw(form) {
  const inputs = [...form.elements].filter((element) => element.name && !['button', 'file'].includes(element.type));
  return Object.fromEntries(inputs.map((input) => [input.name, input.type === 'checkbox' ? input.checked : input.value]));
}

/** Tells the form `fill`, for what shows the fields in another way. @param {HTMLFormElement} form @param {Record<string, string | boolean>} values */
export function setRaw(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const input = form.elements[name];
    if (!input || input.type === 'button') continue;
    if (input.type === 'checkbox') input.checked = Boolean(value);
    else if (input.value !== String(value ?? '')) input.value = String(value ?? '');
  }
  form.dispatchEvent(new Event('fill'));
}

/** An update as it stands in the fields. */
export const rawOf = (update) => ({
  title: update.title ?? '',
  text: update.text,
  author: update.author ?? '',
  tags: update.tags.join(', '),
  time: toLocal(update.time),
  link: update.link?.url ?? '',
  label: update.link?.label ?? '',
  image: update.image ? JSON.stringify(update.image) : '',
  breaking: update.breaking,
  key: update.key,
  pinned: update.pinned,
  correction: update.correction ?? '',
  minor: false,
});

/** As people write them down: www.example.org */
const address = (text) => (/^[a-z][a-z\d+.-]*:/i.test(text) ? text : `https://${text}`);

const tags = (text) => [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))];

/** In one order, so that the same picture is the same JSON. */
const picture = ({ url, alt = '', width = null, height = null, caption = null, credit = null }) => ({ url, alt, width, height, caption, credit });

/** The fields as the API takes them. @param {Record<string, string | boolean>} values */
export function payload(values) {
  const { text, breaking, key, pinned } = values;
  const words = (name) => values[name]?.trim() || null;
  const result = {
    title: words('title'), text, author: words('author'), tags: tags(values.tags), time: fromLocal(values.time),
    link: words('link') && { url: address(words('link')), label: words('label') },
    image: values.image ? picture(JSON.parse(values.image)) : null,
    breaking, key, pinned,
  };
  if ('correction' in values) result.correction = words('correction');
  return result;
}

/** What differs between two states of the fields. @returns {Record<string, unknown>} a merge patch */
export function difference(before, after) {
  const [old, now] = [payload(before), payload(after)];
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name])));
}

function mark(input, text) {
  const id = `problem-${Math.random().toString(36).slice(2)}`;
  // After the label, not within: it describes the field, and is no part of its name.
  input.closest('details')?.setAttribute('open', '');
  (input.closest('label') ?? input).after(h('p', { class: 'field-problem', id }, text));
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', id);
}

function unmark(input) {
  document.getElementById(input.getAttribute('aria-describedby'))?.remove();
  input.removeAttribute('aria-invalid');
  input.removeAttribute('aria-describedby');
}

/** @param {HTMLFormElement} form */
export function clearProblem(form) {
  form.querySelectorAll('[aria-invalid]').forEach(unmark);
  say(form, '');
}

/** What is changed is no longer what was refused. @param {HTMLFormElement} form */
export function forgiveOnInput(form) {
  form.addEventListener('input', ({ target }) => {
    if (!target.hasAttribute('aria-invalid')) return;
    unmark(target);
    const done = !form.querySelector('[aria-invalid]') && form.querySelector('.problem').textContent === MARKED;
    if (done) say(form, '');
  });
}

/** One sentence for the whole form; '' takes it away. @param {Element} form @param {boolean} [passing] until the server works again */
export function say(form, text, passing = false) {
  const note = form.querySelector('.problem');
  note.textContent = text;
  note.hidden = !text;
  note.toggleAttribute('data-passing', passing);
}

/** The server works again: nothing more of its failures. */
export function calm() {
  for (const note of document.querySelectorAll('.problem[data-passing]')) note.hidden = true;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');

/**
 * @param {HTMLFormElement} form @param {Error & {fields?: {field: string, message: string}[], passing?: boolean}} error
 * @param {{focus?: boolean}} [options] `focus`: false while somebody types
 */
export function showProblem(form, error, { focus = true } = {}) {
  clearProblem(form);
  const rest = [];
  const marks = new Map();
  for (const { field, message } of error.fields ?? []) {
    const input = form.elements[field.split('.')[0]];
    if (input instanceof HTMLElement) marks.set(input, [...(marks.get(input) ?? []), sentence(message)]);
    else rest.push(`${field}: ${message}`);
  }
  marks.forEach((messages, input) => mark(input, messages.join(' ')));
  say(form, rest.length || !marks.size ? sentence(rest.join('; ') || error.message) : MARKED, error.passing);
  if (focus) form.querySelector('[aria-invalid]')?.focus();
}

/** Ctrl+Enter and ⌘+Enter send; Enter alone in a field never does: nobody publishes by ending a tag. @param {HTMLFormElement} form */
export function sendOnCtrlEnter(form) {
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    const sends = event.ctrlKey || event.metaKey;
    if (!sends && event.target.tagName !== 'INPUT') return;
    event.preventDefault();
    if (sends && !event.repeat) form.requestSubmit();
    else if (event.target.name === 'title') form.elements.text.focus();
  });
}
