/** The page's markup, for where no server rendered it. */
import { h } from './article.js';
import { words } from './words.js';

/** @returns {HTMLElement} */
export const skeleton = () =>
  h('div', { class: 'livefeed embedded' },
    h('header', { class: 'head' },
      h('h2', { class: 'title', part: 'title' }),
      h('p', { class: 'description', hidden: '' }),
      h('p', { class: 'status', role: 'status', part: 'status' })),
    h('section', { class: 'pinned', 'aria-label': words.pinned, hidden: '' }),
    h('nav', { class: 'key', 'aria-label': words.keyEvents, hidden: '' }, h('h2', {}, words.keyEvents), h('ol')),
    h('section', { class: 'updates', 'aria-label': words.updates }),
    h('p', { class: 'pages' }, h('a', { class: 'more', part: 'more', hidden: '' }, words.more)));
