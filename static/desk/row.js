/** How one update looks in the desk's list. */
import { fill } from '../client/html.js';
import { h } from '../ticker/article.js';
import { brief, full } from '../ticker/language.js';

const label = (name, words) => h('span', { class: `label label-${name}` }, words);

function when(update, feed) {
  const { time, edited } = update;
  const at = (value) => h('time', { datetime: value, title: full(value, feed) }, brief(value, feed));
  return [at(time), edited && h('span', { class: 'edited' }, 'Updated ', at(edited))];
}

/** @param {object} update @param {object} feed @param {string} link its address for readers @returns {Node[]} */
export function show(update, feed, link) {
  const body = h('div', { class: 'body', lang: feed.lang });
  fill(body, update.html);
  const [time, edited] = when(update, feed);
  const by = [update.author, update.tags.map((tag) => `#${tag}`).join(' ')].filter(Boolean).join(' · ');
  return [
    h('p', { class: 'meta' },
      h('a', { href: link, target: '_blank', rel: 'noopener' }, time), ' ',
      update.breaking && label('breaking', 'Breaking'), update.key && label('key', 'Key event'), update.pinned && label('pinned', 'Pinned'),
      edited),
    update.title && h('h3', { class: 'headline', lang: feed.lang }, update.title),
    body,
    update.image && h('p', { class: 'hint' }, `With an image: ${update.image.caption || update.image.alt || update.image.url}`),
    update.correction && h('p', { class: 'correction' }, h('strong', {}, 'Correction:'), ' ', update.correction),
    by && h('p', { class: 'by' }, by),
  ].filter(Boolean);
}

/** @param {object} update @returns {HTMLElement} */
export function actions(update) {
  const button = (action, words) =>
    h('button', { type: 'button', class: 'plain', 'data-action': action, 'aria-label': `${words}: ${update.headline}` }, words);
  return h('p', { class: 'actions' },
    button('edit', 'Edit'),
    button('pinned', update.pinned ? 'Unpin' : 'Pin'),
    button('key', update.key ? 'No key event' : 'Key event'),
    button('delete', 'Delete'));
}
