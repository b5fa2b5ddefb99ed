/** Questions that need more than a button: when something goes out, and why something comes back. */
import { clearProblem, fromLocal, say, toLocal } from './form.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 366 * 86_400_000;

/** @param {HTMLDialogElement} dialog @param {(form: HTMLFormElement) => ?unknown} read null: not yet */
function asked(dialog, read) {
  const form = dialog.querySelector('form');
  clearProblem(form);
  return new Promise((resolve) => {
    const controller = new AbortController();
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal: controller.signal });
    let answer = null;
    on(form, 'submit', (event) => {
      event.preventDefault();
      answer = read(form);
      if (answer !== null) dialog.close();
    });
    on(form.elements.cancel, 'click', () => dialog.close());
    on(dialog, 'close', () => {
      controller.abort();
      resolve(answer);
    });
    dialog.showModal();
  });
}

/** The next full five minutes. */
const soon = () => new Date(Math.ceil((Date.now() + 5 * MINUTE_MS) / (5 * MINUTE_MS)) * 5 * MINUTE_MS);

function offset(add) {
  if (add !== 'morning') return new Date(Math.ceil(Date.now() / MINUTE_MS + Number(add)) * MINUTE_MS);
  const day = new Date();
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1, 8);
}

/** @param {?string} due as it is scheduled @returns {Promise<?string>} RFC 3339; null: put away */
export function askTime(due) {
  const dialog = document.getElementById('schedule');
  const { time } = dialog.querySelector('form').elements;
  time.value = toLocal(due ?? soon().toISOString()).slice(0, 16);
  time.min = toLocal(new Date().toISOString()).slice(0, 16);
  dialog.querySelector('.zone').textContent = `On this computer’s clock: ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
  for (const button of dialog.querySelectorAll('[data-add]')) {
    button.onclick = () => (time.value = toLocal(offset(button.dataset.add).toISOString()).slice(0, 16));
  }
  return asked(dialog, (form) => {
    const at = Date.parse(fromLocal(time.value || null));
    if (!at) return refuse(form, 'Say when it goes out.');
    if (at <= Date.now()) return refuse(form, 'That is over already: choose a time to come, or publish it now.');
    if (at > Date.now() + YEAR_MS) return refuse(form, 'That is more than a year from now.');
    return new Date(at).toISOString();
  });
}

/** @param {string} name of what comes back @returns {Promise<?string>} */
export function askNote(name) {
  const dialog = document.getElementById('giveback');
  const { note } = dialog.querySelector('form').elements;
  dialog.querySelector('.name').textContent = `“${name}”`;
  note.value = '';
  return asked(dialog, (form) => note.value.trim() || refuse(form, 'Write a word about what is missing.'));
}

function refuse(form, text) {
  say(form, text);
  form.querySelector('input, textarea').focus();
  return null;
}
