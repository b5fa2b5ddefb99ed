/** The desk by keyboard, and the list of it behind `?`. Single letters count only where nobody types, and can be switched off. */
import { h } from '../ticker/article.js';
import { keep, kept } from './keep.js';

const MAC = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
const CTRL = MAC ? '⌘' : 'Ctrl';

/** Keys, what they do, and the name of it; those without a name are done by the form itself. */
const KEYS = [
  [[CTRL, 'Enter'], 'Publish; a contributor’s text is submitted for review'],
  [[CTRL, 'S'], 'Save as a draft, and write the next', 'save'],
  [['Esc'], 'Cancel what you published last, while it is going out', 'undo'],
  [[CTRL, 'B'], 'Bold'], [[CTRL, 'I'], 'Italic'], [[CTRL, 'K'], 'Link'],
  [['n'], 'Write: to the box “Update”', 'write'],
  [['p'], 'See it as readers will', 'preview'],
  [['g'], 'Going out', '#going'], [['r'], 'Waiting for review', '#review'], [['d'], 'Drafts', '#drafts'],
  [['s'], 'Scheduled', '#planned'], [['l'], 'Published', '#published'],
  [['j'], 'The next row', 'next'], [['k'], 'The row before', 'previous'],
  [['?'], 'This list', 'help'],
];
const LETTERS = new Map(KEYS.filter(([keys, , act]) => act && keys.length === 1 && keys[0].length === 1).map(([[key], , act]) => [key, act]));

const element = (id) => document.getElementById(id);
const isTyping = (target) => target.closest?.('input:not([type="checkbox"]), textarea, select, [role="listbox"]');

export class Shortcuts {
  /** @param {{onact: (act: string) => void}} options `onact`: save, undo */
  constructor({ onact }) {
    Object.assign(this, { onact, dialog: element('shortcuts') });
    const letters = this.dialog.querySelector('[name="letters"]');
    letters.checked = kept('letters') ?? true;
    letters.addEventListener('change', () => keep('letters', letters.checked));
    this.letters = letters;
    element('help').addEventListener('click', () => this.#open());
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  #open() {
    this.dialog.querySelector('dl').replaceChildren(...KEYS.flatMap(([keys, words]) => [
      h('dt', {}, ...keys.flatMap((key, at) => [at ? ' + ' : '', h('kbd', {}, key)])), h('dd', {}, words),
    ]));
    this.dialog.showModal();
  }

  #key(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]') || element('desk').hidden) return;
    const ctrl = event.ctrlKey || event.metaKey;
    if (ctrl && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 's') {
      event.preventDefault();
      return this.onact('save');
    }
    if (ctrl || event.altKey) return;
    if (event.key === 'Escape') return event.target.closest('.editor') || this.onact('undo');
    if (!this.letters.checked || isTyping(event.target)) return;
    const act = LETTERS.get(event.key);
    if (!act) return;
    event.preventDefault();
    this.#do(act);
  }

  #do(act) {
    if (act === 'help') this.#open();
    else if (act === 'write') element('compose').elements.text.focus();
    else if (act === 'preview') element('compose').querySelector('.preview summary').click();
    else if (act.startsWith('#')) this.#go(document.querySelector(act));
    else this.#step(act === 'next' ? 1 : -1);
  }

  #go(section) {
    if (section.hidden) return;
    const heading = section.querySelector('h2');
    heading.focus();
    heading.scrollIntoView({ block: 'start' });
  }

  /** From row to row: to the first thing in each that takes the focus. */
  #step(by) {
    const rows = [...document.querySelectorAll('.row')].filter((row) => row.checkVisibility());
    const here = document.activeElement.closest('.row');
    const after = (row) => document.activeElement.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING;
    const at = here ? rows.indexOf(here) + by : by > 0 ? rows.findIndex(after) : rows.findLastIndex((row) => !after(row));
    const row = rows[at];
    if (!row) return;
    (row.querySelector('button') ?? row.querySelector('a'))?.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
  }
}
