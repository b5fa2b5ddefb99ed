/**
 * What differs between two texts, word by word. Pure.
 * @typedef {{kind: 'same' | 'gone' | 'new', text: string}} Piece
 */

/** A table of more cells is not filled: then lines are compared, and words within the lines that differ. */
const MAX_CELLS = 4_000_000;

/** Words, and each space and sign by itself; in languages without spaces too, where the browser knows their words. */
export function words(text) {
  if (!Intl.Segmenter) return text.match(/\s+|[\p{L}\p{M}\p{N}_]+|[^]/gu) ?? [];
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text), ({ segment }) => segment);
}

const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** How far two lists are equal, from the front or from the back. */
function common(before, after, most, at) {
  let count = 0;
  while (count < most && before.at(at(count)) === after.at(at(count))) count++;
  return count;
}

/** Which of `before` stay, and where in `after` they are: a longest common subsequence. @returns {[number, number][]} */
function matches(before, after) {
  const width = after.length + 1;
  const longest = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const at = i * width + j;
      longest[at] = before[i] === after[j] ? longest[at + width + 1] + 1 : Math.max(longest[at + width], longest[at + 1]);
    }
  }
  const found = [];
  for (let i = 0, j = 0; i < before.length && j < after.length;) {
    const at = i * width + j;
    if (before[i] === after[j]) found.push([i++, j++]);
    else if (longest[at + width] >= longest[at + 1]) i++;
    else j++;
  }
  return found;
}

/** The middle, where the two differ from its first to its last word. @returns {Piece[]} */
function middle(before, after, split) {
  if (!before.length || !after.length || before.length * after.length > MAX_CELLS) {
    if (split === words && before.length && after.length) return compare(before.join(''), after.join(''), lines);
    return replaced(before.join(''), after.join(''));
  }
  const pieces = [];
  let [i, j] = [0, 0];
  for (const [m, n] of [...matches(before, after), [before.length, after.length]]) {
    const [gone, come] = [before.slice(i, m).join(''), after.slice(j, n).join('')];
    pieces.push(...(split === lines && gone && come ? compare(gone, come, words, replaced) : replaced(gone, come)));
    if (m < before.length) pieces.push({ kind: 'same', text: before[m] });
    [i, j] = [m + 1, n + 1];
  }
  return pieces;
}

const replaced = (gone, come) => [{ kind: 'gone', text: gone }, { kind: 'new', text: come }];

/** @returns {Piece[]} */
function compare(from, to, split, otherwise) {
  const [before, after] = [split(from), split(to)];
  const most = Math.min(before.length, after.length);
  const head = common(before, after, most, (count) => count);
  const tail = common(before, after, most - head, (count) => -1 - count);
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  const big = otherwise && old.length * now.length > MAX_CELLS;
  return [
    { kind: 'same', text: before.slice(0, head).join('') },
    ...(big ? otherwise(old.join(''), now.join('')) : middle(old, now, split)),
    { kind: 'same', text: tail ? before.slice(-tail).join('') : '' },
  ];
}

/** Neighbours of a kind are one; a mere space between two changes belongs to them; what goes stands before what comes. */
function tidy(pieces) {
  const tidied = [];
  let [gone, come] = ['', ''];
  const flush = () => {
    if (gone) tidied.push({ kind: 'gone', text: gone });
    if (come) tidied.push({ kind: 'new', text: come });
    [gone, come] = ['', ''];
  };
  const full = pieces.filter(({ text }) => text);
  full.forEach(({ kind, text }, at) => {
    if (kind === 'gone') gone += text;
    else if (kind === 'new') come += text;
    else if (gone && come && /^[^\S\n]+$/.test(text) && full[at + 1] && full[at + 1].kind !== 'same') {
      gone += text;
      come += text;
    } else {
      flush();
      const last = tidied.at(-1);
      if (last?.kind === 'same') last.text += text;
      else tidied.push({ kind, text });
    }
  });
  flush();
  return tidied;
}

/** @param {string} before @param {string} after @returns {Piece[]} without empty ones; no two neighbours are of a kind */
export const diff = (before, after) => tidy(compare(before, after, words));

/** The changes as replacements in `before`. @returns {{from: number, to: number, text: string}[]} */
function edits(before, after) {
  const found = [];
  let at = 0;
  for (const { kind, text } of diff(before, after)) {
    const last = found.at(-1);
    if (kind === 'same') at += text.length;
    else if (kind === 'gone') found.push({ from: at, to: (at += text.length), text: '' });
    else if (last?.to === at) last.text += text;
    else found.push({ from: at, to: at, text });
  }
  return found;
}

/**
 * Both people's changes to a text in one, where they do not meet.
 * @param {string} base @param {string} mine @param {string} theirs @returns {?string} null: they meet
 */
export function merged(base, mine, theirs) {
  const all = [...edits(base, mine).map((edit) => ({ ...edit, own: true })), ...edits(base, theirs)].sort((a, b) => a.from - b.from || a.to - b.to);
  let [at, result, before] = [0, '', null];
  for (const edit of all) {
    const { from, to, text } = edit;
    if (before && before.own !== edit.own && from <= before.to) {
      if (before.from === from && before.to === to && before.text === text) continue; // both did the same
      return null;
    }
    result += base.slice(at, from) + text;
    at = to;
    before = edit;
  }
  return result + base.slice(at);
}
