/** A difference to look at and to listen to. */
import { h } from '../ticker/article.js';
import { diff } from './worddiff.js';

const SPOKEN = { gone: 'removed', new: 'added' };

/** For screen readers, few of which tell of <ins> and <del>. */
const spoken = (words) => h('span', { class: 'unseen' }, words);

function node({ kind, text }) {
  if (kind === 'same') return text;
  const isBreak = /^\s*\n\s*$/.test(text);
  return h(kind === 'new' ? 'ins' : 'del', { class: isBreak && 'break' }, spoken(` [${SPOKEN[kind]}: `), text, spoken(isBreak ? 'line break] ' : '] '));
}

/** @param {string} before @param {string} after @param {string} lang @returns {HTMLElement} */
export function differences(before, after, lang) {
  const nodes = diff(before, after).map(node);
  return h('div', { class: 'diff', lang, dir: 'auto' }, ...(nodes.length ? nodes : [h('span', { class: 'hint' }, 'nothing')]));
}

const count = (pieces, kind) => pieces.filter((piece) => piece.kind === kind).flatMap(({ text }) => text.match(/[\p{L}\p{N}]+/gu) ?? []).length;

/** How much that is, in words. @returns {string} */
export function amount(before, after) {
  const pieces = diff(before, after);
  const [gone, come] = [count(pieces, 'gone'), count(pieces, 'new')];
  const words = (number) => `${number} ${number === 1 ? 'word' : 'words'}`;
  return [come && `${words(come)} added`, gone && `${words(gone)} removed`].filter(Boolean).join(', ') || 'no words changed';
}
