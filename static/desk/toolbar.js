/** Bold, italic, link, quote, list: what the toolbar and the keys do to the Markdown in a text field. */
import { lines, replace } from './insert.js';

const KEYS = { b: 'bold', i: 'italic', k: 'link' };
const MARKS = { bold: '**', italic: '*' };
const ADDRESS = /^(https?:\/\/|mailto:)\S+$/i;

/** Whether a mark was opened in this line and not closed yet. */
function isInside(before, sign) {
  const line = before.slice(before.lastIndexOf('\n') + 1);
  const runs = sign === '**' ? line.match(/\*\*/g) : line.replaceAll('**', '').match(/\*/g);
  return (runs?.length ?? 0) % 2 === 1;
}

/** Puts marks around what is selected, or takes them away. */
function mark(field, sign) {
  const { value, selectionStart: start, selectionEnd: end } = field;
  const size = sign.length;
  const at = (from) => value.slice(from, from + size) === sign;
  // `*` is half of a `**`.
  const single = (from) => sign !== '*' || (value[from - 1] !== '*' && value[from + 1] !== '*') || value.slice(from - 1, from + 2) === '***';
  if (at(start - size) && at(end) && single(start - size) && single(end)) {
    return replace(field, start - size, end + size, value.slice(start, end), start - size, end - size);
  }
  // At the end of what is marked, the same again steps out of it.
  if (start === end && at(start) && single(start) && isInside(value.slice(0, start), sign)) return field.setSelectionRange(start + size, start + size);
  const selected = value.slice(start, end);
  const [, before, inner, after] = /^(\s*)([^]*?)(\s*)$/.exec(selected);
  const from = start + before.length + size;
  replace(field, start, end, before + sign + inner + sign + after, from, from + inner.length);
}

function link(field) {
  const { value, selectionStart: start, selectionEnd: end } = field;
  const selected = value.slice(start, end).trim();
  const isAddress = ADDRESS.test(selected);
  const text = isAddress ? '' : selected;
  const made = `[${text}](${isAddress ? selected : 'https://'})`;
  // What is missing is selected: the words, else the address.
  const from = isAddress || !text ? start + 1 : start + made.length - 1 - 'https://'.length;
  replace(field, start, end, made, from, isAddress || !text ? from : start + made.length - 1);
}

/** Each line that is touched begins with a sign, or none does any more. */
function prefix(field, sign) {
  const [start, end] = lines(field);
  const before = field.value.slice(start, end).split('\n');
  const all = before.every((line) => line.startsWith(sign));
  const after = before.map((line) => (all ? line.slice(sign.length) : line.startsWith(sign) ? line : sign + line)).join('\n');
  const { length } = after;
  replace(field, start, end, after, before.length > 1 ? start : start + length, start + length);
}

/** @param {HTMLTextAreaElement} field @param {string} action */
export function format(field, action) {
  if (field.disabled || field.readOnly) return;
  if (MARKS[action]) mark(field, MARKS[action]);
  else if (action === 'link') link(field);
  else prefix(field, action === 'quote' ? '> ' : '- ');
}

/** Enter in a list or a quotation goes on with it; on an empty line of it, ends it. */
function goOn(event, field) {
  const { value, selectionStart: start, selectionEnd: end } = field;
  if (start !== end) return;
  const begin = value.lastIndexOf('\n', start - 1) + 1;
  const [whole, sign, number] = /^( *(?:[-*+] |(\d{1,3})[.)] |> ))/.exec(value.slice(begin, start)) ?? [];
  if (!whole) return;
  event.preventDefault();
  if (value.slice(begin, start).trim() === whole.trim()) return replace(field, begin, start, '');
  replace(field, start, end, `\n${number ? sign.replace(number, String(Number(number) + 1)) : sign}`);
}

/** One stop of the Tab key; the arrows go on from there. @param {HTMLElement} bar */
function rove(bar) {
  const buttons = [...bar.querySelectorAll('button')];
  const choose = (chosen) => buttons.forEach((button) => (button.tabIndex = button === chosen ? 0 : -1));
  choose(buttons[0]);
  bar.addEventListener('focusin', ({ target }) => buttons.includes(target) && choose(target));
  bar.addEventListener('keydown', (event) => {
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    buttons.at(to % buttons.length).focus();
  });
}

/** @param {HTMLFormElement} form with a `.toolbar` and a field called text */
export function equipToolbar(form) {
  const field = form.elements.text;
  const bar = form.querySelector('.toolbar');
  rove(bar);
  // The field keeps the focus, and a telephone its keyboard.
  bar.addEventListener('pointerdown', (event) => event.preventDefault());
  bar.addEventListener('click', ({ target }) => {
    const action = target.closest('[data-format]')?.dataset.format;
    if (action) format(field, action);
  });
  field.addEventListener('keydown', (event) => {
    if (event.isComposing || event.altKey) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) return goOn(event, field);
    const action = (event.ctrlKey || event.metaKey) && !event.shiftKey && KEYS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    format(field, action);
  });
}
