/** Forms of the desk: from an update to fields and back, and what the server says beside the field that it is about. */
import { h } from '../ticker/article.js';

/** A problem that needs no server. */
export const EMPTY = { message: '', fields: [{ field: 'text', message: 'write something first' }] };

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
  const inputs = [...form.elements].filter((element) => element.name && element.type !== 'button');
  return Object.fromEntries(inputs.map((input) => [input.name, input.type === 'checkbox' ? input.checked : input.value]));
}

/** @param {HTMLFormElement} form @param {Record<string, string | boolean>} values */
export function setRaw(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const input = form.elements[name];
    if (!input || input.type === 'button') continue;
    if (input.type === 'checkbox') input.checked = Boolean(value);
    else input.value = String(value ?? '');
  }
}

/** An update as it stands in the fields. */
export const rawOf = (update) => ({
  title: update.title ?? '',
  text: update.text,
  author: update.author ?? '',
  tags: update.tags.join(', '),
  time: toLocal(update.time),
  breaking: update.breaking,
  key: update.key,
  pinned: update.pinned,
  correction: update.correction ?? '',
  minor: false,
});

const tags = (text) => [...new Set(text.split(',').map((tag) => tag.trim()).filter(Boolean))];

/** The fields as the API takes them. @param {Record<string, string | boolean>} values */
export function payload(values) {
  const { text, breaking, key, pinned } = values;
  const words = (name) => values[name]?.trim() || null;
  const result = { title: words('title'), text, author: words('author'), tags: tags(values.tags), time: fromLocal(values.time), breaking, key, pinned };
  if ('correction' in values) result.correction = words('correction');
  return result;
}

/** What differs between two states of the fields. @returns {Record<string, unknown>} a merge patch */
export function difference(before, after) {
  const [old, now] = [payload(before), payload(after)];
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name])));
}

/** @param {HTMLFormElement} form */
export function clearProblem(form) {
  for (const note of form.querySelectorAll('.field-problem')) note.remove();
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
  say(form, '');
}

/** One sentence for the whole form; '' takes it away. @param {Element} form */
export function say(form, text) {
  const note = form.querySelector('.problem');
  note.textContent = text;
  note.hidden = !text;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? '' : '.');

/** @param {HTMLFormElement} form @param {Error & {fields?: {field: string, message: string}[]}} error */
export function showProblem(form, error) {
  clearProblem(form);
  const rest = [];
  for (const { field, message } of error.fields ?? []) {
    const input = form.elements[field.split('.')[0]];
    if (!(input instanceof HTMLElement)) {
      rest.push(`${field}: ${message}`);
      continue;
    }
    const id = `problem-${Math.random().toString(36).slice(2)}`;
    // After the label, not within: it describes the field, and is no part of its name.
    input.closest('label').after(h('p', { class: 'field-problem', id }, sentence(message)));
    input.setAttribute('aria-invalid', 'true');
    input.setAttribute('aria-describedby', id);
  }
  const placed = form.querySelector('[aria-invalid]');
  say(form, rest.length || !placed ? sentence(rest.join('; ') || error.message) : 'Not sent: see the marked fields.');
  placed?.focus();
}

/** Ctrl+Enter and ⌘+Enter send. @param {HTMLFormElement} form */
export function sendOnCtrlEnter(form) {
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (!event.repeat) form.requestSubmit();
  });
}
