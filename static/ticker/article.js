/** An update as an article: equal to the server's templates/_update.html. @import { Update } from '../client/types' */
import { fill } from '../client/html.js';
import { brief, clock, full } from './time.js';
import { words } from './words.js';

/** An element; children that are null or false are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** Rewrites a `<time>` for this reader. */
export function localise(element, feed) {
  const show = element.classList.contains('clock') ? clock : brief;
  element.textContent = show(element.dateTime, feed);
  element.title = full(element.dateTime, feed);
}

function time(value, feed, name) {
  const element = h('time', { datetime: value, class: name });
  localise(element, feed);
  return element;
}

function figure({ url, alt, width, height, caption, credit }, origin) {
  const image = h('img', { src: url.replace(/^(?=\/)/, origin), alt: alt ?? '', width, height, loading: 'lazy', decoding: 'async' });
  const about = caption || credit ? h('figcaption', {}, caption, ' ', credit && h('small', { class: 'credit' }, credit)) : null;
  return h('figure', {}, image, about);
}

/** Only these may be led to. */
const safe = (url) => (/^https?:/i.test(url) ? url : null);

/** Fills `article` anew; the node stays, and focus and place with it. @param {HTMLElement} article @param {Update} update */
export function write(article, update, { feed, origin, pinned = false }) {
  const page = `${origin}/feeds/${feed.slug}`;
  article.className = ['update', update.breaking && 'is-breaking', update.key && 'is-key'].filter(Boolean).join(' ');
  article.setAttribute('part', 'update');
  const label = (name) => h('span', { class: `label label-${name}` }, words[name]);
  const body = h('div', { class: 'body' });
  fill(body, update.html, origin);
  article.replaceChildren(...[
    h('p', { class: 'meta' },
      h('a', { class: 'permalink', href: `${page}/updates/${update.id}` }, time(update.time, feed, 'clock')), ' ',
      pinned && label('pinned'), update.breaking && label('breaking'), update.key && label('key'),
      update.edited && h('span', { class: 'edited' }, words.updated, ' ', time(update.edited, feed, 'brief'))),
    update.title && h('h3', { class: 'headline', part: 'title' }, update.title),
    body,
    update.image && figure(update.image, origin),
    update.correction && h('p', { class: 'correction' }, h('strong', {}, words.correction), ' ', update.correction),
    update.link && h('p', { class: 'source' },
      h('a', { href: safe(update.link.url), rel: 'noopener nofollow ugc' }, update.link.label ?? words.source)),
    (update.author || update.tags.length > 0) && h('p', { class: 'by' },
      update.author && h('span', { class: 'author' }, update.author), ' ',
      ...update.tags.flatMap((tag) => [h('a', { class: 'tag', href: `${page}?tag=${encodeURIComponent(tag)}` }, tag), ' '])),
  ].filter(Boolean));
}
