/** What two people made of one field, side by side, to be merged by hand. */
import { h } from '../ticker/article.js';
import { differences } from './diffview.js';
import { fieldName, inputsOf, readable } from './fields.js';
import { rawOf, setRaw } from './form.js';
import { merged } from './worddiff.js';

/** What may stand in the form: by button. */
function choices(name, [base, mine, theirs]) {
  const texts = [base, mine, theirs].map((fields) => fields[name]);
  const both = name === 'text' || name === 'correction' ? merged(...texts) : null;
  return [
    ['Use theirs', theirs, 'Theirs is in the form now.'],
    ['Use mine', mine, 'Yours is in the form now.'],
    both !== null && ['Use both changes', { [name]: both }, 'Both changes are in the form now. Read them once more.'],
    name === 'text' && ['Put theirs below mine', { text: `${mine.text}\n\n${theirs.text}` }, 'Both texts are in the form now, theirs below yours.'],
  ].filter(Boolean);
}

/** @param {HTMLFormElement} form @param {string} name @param {object[]} versions the fields: base, mine, theirs @param {string} lang */
function clash(form, name, versions, lang) {
  const told = h('p', { class: 'hint', role: 'status' });
  const [base, mine, theirs] = versions.map((fields) => readable(name, fields));
  const side = (title, version) => h('div', { class: 'side' }, h('h5', {}, title), differences(base, version, lang));
  const buttons = choices(name, versions).map(([label, fields, done]) => {
    const button = h('button', { type: 'button', class: 'plain' }, label, h('span', { class: 'unseen' }, `: ${fieldName(name)}`));
    button.addEventListener('click', () => {
      setRaw(form, Object.fromEntries(inputsOf(name).map((input) => [input, fields[input] ?? ''])));
      form.dispatchEvent(new Event('input'));
      told.textContent = done;
    });
    return button;
  });
  return h('div', { class: 'clash' },
    h('h4', {}, fieldName(name)),
    h('div', { class: 'sides' }, side('Theirs, which readers see now', theirs), side('Yours, not saved yet', mine)),
    h('div', { class: 'actions' }, ...buttons), told);
}

/**
 * @param {HTMLFormElement} form
 * @param {?{names: string[], base: object, mine: object, current: object}} conflict null: none any more
 * @param {string} lang the feed's
 */
export function showConflict(form, conflict, lang) {
  const box = form.querySelector('.conflict');
  box.hidden = !conflict;
  if (!conflict) return;
  const { names, base, mine, current } = conflict;
  const versions = [rawOf(base), mine, rawOf(current)];
  box.querySelector('.clashes').replaceChildren(...names.map((name) => clash(form, name, versions, lang)));
}
