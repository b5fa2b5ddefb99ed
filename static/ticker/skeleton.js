/** The page's markup, for where no server rendered it. */
import { h } from './article.js';

/** @returns {HTMLElement} */
export const skeleton = (words, layout = 'full') =>
  h('div', { class: 'livefeed embedded', 'data-layout': layout },
    h('header', { class: 'head' },
      h('h2', { class: 'title', part: 'title' }),
      h('p', { class: 'description', hidden: '' }),
      h('p', { class: 'state' }, h('span', { class: 'status', role: 'status', part: 'status' }), ' ', h('span', { class: 'countdown', 'aria-hidden': 'true' }))),
    h('section', { class: 'pinned', 'aria-label': words.pinned, hidden: '' }),
    h('nav', { class: 'key', 'aria-label': words.keyEvents, hidden: '' }, h('h2', {}, words.keyEvents), h('ol')),
    h('p', { class: 'pages above' }, h('a', { class: 'newer', hidden: '' }, words.newer)),
    h('section', { class: 'updates', 'aria-label': words.updates, tabindex: '-1' }),
    h('p', { class: 'pages below' }, h('a', { class: 'more', part: 'more', hidden: '' }, words.more)));
