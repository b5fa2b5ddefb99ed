/** What is pasted into a text: rich text becomes Markdown, an address over selected words a link, a timeline drafts. */
import { inert } from '../client/html.js';
import { ask } from './ask.js';
import { insert } from './insert.js';
import { timeline } from './timeline.js';
import { toMarkdown } from './tomarkdown.js';

const ADDRESS = /^https?:\/\/\S+$/i;
const bare = (text) => text.replace(/[\s\u00a0\\]+/g, '');

/** @returns {?string} null: it is the same as the plain text, which has its line breaks still */
function markdownOf(html, plain) {
  if (!html) return null;
  const markdown = toMarkdown(inert(html));
  return bare(markdown) === bare(plain) && plain ? null : markdown;
}

const two = (number) => String(number).padStart(2, '0');
const clock = (time) => `${two(time.getHours())}:${two(time.getMinutes())}`;

/** @param {{time: Date, text: string}[]} entries */
function wantsDrafts(entries) {
  const [first, last] = [entries[0], entries.at(-1)];
  const words = `It has ${entries.length} entries, from ${clock(first.time)} (“${first.text.slice(0, 40)}…”) to ${clock(last.time)}. `
    + 'They can become drafts, each with its time, to be looked at and published one by one.';
  return ask('This is a timeline', words, { drafts: `Make ${entries.length} drafts`, text: 'Paste it as text' });
}

async function offer(field, entries, text, ondrafts) {
  const { selectionStart, selectionEnd } = field;
  const answer = await wantsDrafts(entries);
  field.focus();
  if (answer === 'drafts') return ondrafts(entries);
  if (answer !== 'text') return;
  field.setSelectionRange(selectionStart, selectionEnd);
  insert(field, text);
}

/**
 * @param {HTMLTextAreaElement} field
 * @param {?(entries: {time: Date, text: string}[]) => void} [ondrafts] none: a timeline is a text like others
 */
export function equipPaste(field, ondrafts = null) {
  field.addEventListener('paste', (event) => {
    const data = event.clipboardData;
    const plain = data.getData('text/plain');
    const markdown = markdownOf(data.getData('text/html'), plain);
    const entries = ondrafts ? timeline(markdown && !timeline(plain).length ? markdown : plain) : [];
    const selected = field.value.slice(field.selectionStart, field.selectionEnd);
    const isLink = ADDRESS.test(plain.trim()) && selected.trim() && !ADDRESS.test(selected.trim());
    if (!entries.length && !isLink && !markdown) return;
    event.preventDefault();
    if (entries.length) offer(field, entries, markdown ?? plain, ondrafts);
    else insert(field, isLink ? `[${selected}](${plain.trim()})` : markdown);
  });
}
