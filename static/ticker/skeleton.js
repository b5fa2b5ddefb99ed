/** The page's markup, for where no server rendered it. */
import { h } from './article.js';

const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|iw|nqo|ps|sd|syr|ug|ur|yi)\b|-(Arab|Hebr|Nkoo|Syrc|Thaa)\b/i;

/** @param {string} lang */
export const direction = (lang) => (RIGHT_TO_LEFT.test(lang) ? 'rtl' : 'ltr');

/**
 * @param {object} words of the language that the ticker speaks
 * @param {{layout?: string, lang?: string, whole?: ?string}} options `lang`: of what is published; `whole`: where
 *   the link to more leads, if it does not load it here
 * @returns {HTMLElement}
 */
export function skeleton(words, { layout = 'full', lang = words.lang, whole = null, places = [] } = {}) {
  const own = lang === words.lang ? {} : { lang, dir: direction(lang) };
  return h('div', { class: 'livefeed embedded', 'data-layout': layout, lang: words.lang, dir: direction(words.lang) },
    h('header', { class: 'head' },
      h('h2', { class: 'title', part: 'title', ...own }),
      h('p', { class: 'description', hidden: '', ...own }),
      h('p', { class: 'state' }, h('span', { class: 'status', role: 'status', part: 'status' }), ' ', h('span', { class: 'countdown', 'aria-hidden': 'true' }))),
    h('section', { class: 'pinned', 'aria-label': words.pinned, hidden: '', ...own }),
    h('nav', { class: 'key', 'aria-label': words.keyEvents, hidden: '' }, h('h2', {}, words.keyEvents), h('ol', own)),
    h('p', { class: 'pages above' }, h('a', { class: 'newer', role: 'link', hidden: '' }, words.newer)),
    h('section', { class: 'updates', 'aria-label': words.updates, tabindex: '-1', ...own }, ...places),
    h('p', { class: 'pages below' }, h('a', { class: whole ? 'whole' : 'more', part: 'more', role: 'link', href: whole, hidden: whole ? null : '' }, words.more)));
}
