/** What two people made of one field, side by side, to be merged by hand. */
import { h } from '../ticker/article.js';
import { differences } from './diffview.js';
import { rawOf, setRaw } from './form.js';
import { merged } from './worddiff.js';

const NAMES = {
  title: 'Title', text: 'Text', author: 'Author', tags: 'Tags', time: 'Time', correction: 'Correction', link: 'Link', image: 'Image',
};

/** @param {string} name of a field @returns {string} */
export const fieldName = (name) => NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1);

const words = (value) => String(value ?? '').replace(/^(\d{4}-\d\d-\d\d)T/, '$1 ');

/** What may stand in the form: by button. */
function choices(name, [base, mine, theirs]) {
  const both = name === 'text' || name === 'correction' ? merged(base, mine, theirs) : null;
  return [
    ['Use theirs', theirs, 'Theirs is in the form now.'],
    ['Use mine', mine, 'Yours is in the form now.'],
    both !== null && ['Use both changes', both, 'Both changes are in the form now. Read them once more.'],
    name === 'text' && ['Put theirs below mine', [mine, theirs].filter(Boolean).join('\n\n'), 'Both texts are in the form now, theirs below yours.'],
  ].filter(Boolean);
}

/** @param {HTMLFormElement} form @param {string} name @param {string[]} versions base, mine, theirs @param {string} lang */
function clash(form, name, [base, mine, theirs], lang) {
  const told = h('p', { class: 'hint', role: 'status' });
  const side = (title, version) => h('div', { class: 'side' }, h('h5', {}, title), differences(words(base), words(version), lang));
  const buttons = choices(name, [base, mine, theirs]).map(([label, value, done]) => {
    const button = h('button', { type: 'button', class: 'plain' }, label, h('span', { class: 'unseen' }, `: ${fieldName(name)}`));
    button.addEventListener('click', () => {
      setRaw(form, { [name]: value });
      form.elements[name].dispatchEvent(new Event('input', { bubbles: true }));
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
  const [before, theirs] = [rawOf(base), rawOf(current)];
  box.querySelector('.clashes').replaceChildren(
    ...names.map((name) => clash(form, name, [before, mine, theirs].map((fields) => fields[name]), lang)));
}
