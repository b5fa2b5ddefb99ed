/** How one update looks in the desk's list. */
import { fill } from '../client/html.js';
import { h } from '../ticker/article.js';
import { brief, full } from '../ticker/language.js';

const label = (name, words) => h('span', { class: `label label-${name}` }, words);

const at = (value, feed) => h('time', { datetime: value, title: full(value, feed) }, brief(value, feed));

/**
 * @param {object} update @param {object} feed @param {string} link its address for readers
 * @param {string} [took] from Publish to this screen @returns {Node[]}
 */
export function show(update, feed, link, took = '') {
  const body = h('div', { class: 'body', lang: feed.lang, dir: 'auto' });
  fill(body, update.html);
  const by = [update.author, update.tags.map((tag) => `#${tag}`).join(' ')].filter(Boolean).join(' · ');
  return [
    h('p', { class: 'meta' },
      h('a', { href: link, target: '_blank', rel: 'noopener' }, at(update.time, feed)), ' ',
      update.breaking && label('breaking', 'Breaking'), update.key && label('key', 'Key event'), update.pinned && label('pinned', 'Pinned'),
      update.edited && h('span', { class: 'edited' }, 'Updated ', at(update.edited, feed)),
      took && h('span', { class: 'took' }, took)),
    update.title && h('h3', { class: 'headline', lang: feed.lang, dir: 'auto' }, update.title),
    body,
    update.image && h('p', { class: 'hint' }, `With an image: ${update.image.caption || update.image.alt || update.image.url}`),
    update.correction && h('p', { class: 'correction' }, h('strong', {}, 'Correction:'), ' ', update.correction),
    by && h('p', { class: 'by' }, by),
  ].filter(Boolean);
}

const MARKS = [['pinned', 'Pin'], ['key', 'Key event'], ['breaking', 'Breaking']];

/** What can be done with it; a mark is a button that stays down. @param {object} update @returns {HTMLElement} */
export function actions(update) {
  const button = (action, words, pressed) =>
    h('button', { type: 'button', class: 'plain', 'data-action': action, 'aria-label': `${words}: ${update.headline}`, 'aria-pressed': pressed }, words);
  return h('div', { class: 'actions' },
    button('edit', 'Edit'),
    h('span', { class: 'marks' }, ...MARKS.map(([name, words]) => button(name, words, String(update[name])))),
    update.rev > 1 && button('revisions', 'Versions'),
    button('delete', 'Delete'));
}
