/** How one item looks in the desk's lists, and what may be done with it. */
import { h } from '../ticker/article.js';
import { brief, full } from '../ticker/language.js';
import { clock } from './clock.js';

const SHORT = 280;

/** What each item offers: an action and its words. `role` editors may do everything, others touch their own only. */
export function actionsOf(item, { editor, me }) {
  const own = item.by === me;
  if (item.state === 'going') return editor ? [['cancel', 'Cancel'], ['release', 'Send now']] : [];
  if (item.state === 'submitted') {
    if (editor) return [['edit', 'Edit'], ['publish', 'Publish'], ['return', 'Return…'], ['delete', 'Delete']];
    return own ? [['cancel', 'Take back']] : [];
  }
  if (item.state === 'scheduled') return editor ? [['edit', 'Edit'], ['publish', 'Publish now'], ['schedule', 'Other time…'], ['cancel', 'Take off']] : [];
  if (editor) return [['edit', 'Edit'], ['publish', 'Publish'], ['schedule', 'Schedule…'], ['delete', 'Delete']];
  return own ? [['edit', 'Edit'], ['submit', 'Submit for review'], ['delete', 'Delete']] : [];
}

/** What it is called where there is little room. */
export function nameOf({ content: { title, text } }) {
  const line = title || text.trim().split('\n')[0].replace(/[*_`>#[\]]/g, '').trim() || 'without words';
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

const at = (value, feed) => h('time', { datetime: value, title: full(value, feed) }, brief(value, feed));

const label = (name, words) => h('span', { class: `label label-${name}` }, words);

/** How many whole seconds until then; never less than 0. */
export const secondsTo = (due) => Math.max(0, Math.ceil((clock.here(due) - Date.now()) / 1000));

const DOING = { publish: 'Sending…', submit: 'Submitting…', schedule: 'Scheduling…' };

function when(item, { feed, doing }) {
  const { state, due, by, changed, content } = item;
  if (DOING[doing]) return [`${by} · ${DOING[doing]}`];
  if (state === 'scheduled') return ['Goes out ', at(due, feed), ' · ', by];
  if (state === 'going') return [by];
  return [by, ' · ', content.time ? ['for ', at(content.time, feed)] : ['changed ', at(changed, feed)]].flat();
}

const marks = ({ breaking, key, pinned }) =>
  [breaking && label('breaking', 'Breaking'), key && label('key', 'Key event'), pinned && label('pinned', 'Pinned')].filter(Boolean);

function words({ title, text, image, tags }, feed) {
  const short = text.length > SHORT ? `${text.slice(0, SHORT).trimEnd()}…` : text;
  const more = [image && 'with an image', ...tags.map((tag) => `#${tag}`)].filter(Boolean).join(' · ');
  return [
    title && h('h3', { class: 'headline', lang: feed.lang }, title),
    short.trim() && h('p', { class: 'item-text', lang: feed.lang, dir: 'auto' }, short.trim()),
    more && h('p', { class: 'by' }, more),
  ];
}

function note({ note: told }, feed) {
  if (!told) return null;
  const by = told.by ? [`Returned by ${told.by}, `, at(told.at, feed)] : ['Not published, ', at(told.at, feed)];
  return h('p', { class: 'returned' }, h('strong', {}, ...by, ':'), ' ', told.text);
}

/** @param {object} item @param {{feed: object, editor: boolean, me: string, editors: string[], doing: string, error: ?Error}} about @returns {Node[]} */
export function showItem(item, about) {
  const { feed, editors, doing, error } = about;
  const name = nameOf(item);
  const button = ([action, text], index) =>
    h('button', { type: 'button', class: index ? 'plain' : 'plain first', 'data-action': action, 'aria-label': `${text.replace('…', '')}: ${name}` }, text);
  const actions = doing && doing !== 'save' ? [] : actionsOf(item, about);
  return [
    h('p', { class: 'meta' }, h('span', {}, ...when(item, about)), ...marks(item.content), editors.length > 0 && label('busy', `${editors.join(', ')} ${editors.length > 1 ? 'are' : 'is'} writing`)),
    item.state === 'going' && item.due && h('p', { class: 'going', 'aria-hidden': 'true' },
      h('span', { class: 'countdown', 'data-due': item.due }, ''), h('span', { class: 'left' })),
    ...words(item.content, feed),
    note(item, feed),
    error && h('p', { class: 'problem' }, error.message),
    actions.length > 0 && h('p', { class: 'actions' }, ...actions.map(button)),
  ].filter(Boolean);
}
