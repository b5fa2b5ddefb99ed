/** An update as an article: equal to the server's templates/_update.html. @import { Update } from '../client/types' */
import { fill } from '../client/html.js';
import { localise } from './language.js';

/** An element; children that are null or false are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

function time(value, feed, name, id) {
  const element = h('time', { datetime: value, class: name, id, part: name === 'clock' && 'time' });
  localise(element, feed);
  return element;
}

/** A text with an element in its hole. */
function around(text, element) {
  const [before, after] = text.split(/\{\w+\}/);
  return [before, element, after];
}

function figure({ url, alt, width, height, caption, credit }, origin) {
  const image = h('img', { src: url.replace(/^(?=\/)/, origin), alt: alt ?? '', width, height, loading: 'lazy', decoding: 'async' });
  const about = caption || credit ? h('figcaption', {}, caption, ' ', credit && h('small', { class: 'credit' }, credit)) : null;
  return h('figure', { class: 'picture' }, image, about);
}

/** Only these may be led to. */
const safe = (url) => (/^https?:/i.test(url) ? url : null);

const button = (act, text) => h('button', { type: 'button', 'data-act': act }, text);

/** What only the browser can do with an update. */
export function equip(article, words) {
  article.querySelector('.meta').append(h('span', { class: 'tools' }, button('share', words.share), ' ', button('listen', words.listen)));
}

/** Fills `article` anew; the node stays, and focus and place with it. @param {HTMLElement} article @param {Update} update */
export function write(article, update, { feed, origin, words, layout, prefix }) {
  const page = `${origin}/feeds/${feed.slug}`;
  const label = (name) => [h('span', { class: `label label-${name}` }, words[name]), ' '];
  const id = `${prefix}-${update.id}-label`;
  const body = h('div', { class: 'body' });
  fill(body, update.html, origin);
  if (body.querySelector('p > a:only-child')) import('./cards.js').then(({ cards }) => cards(body), () => {});
  const focused = [...article.querySelectorAll('a, button')].indexOf(article.getRootNode().activeElement);
  article.className = ['update', update.breaking && 'is-breaking', update.key && 'is-key'].filter(Boolean).join(' ');
  article.setAttribute('part', 'update');
  article.setAttribute('aria-labelledby', id);
  article.replaceChildren(...[
    h('p', { class: 'meta' },
      h('a', { class: 'permalink', href: `${page}/updates/${update.id}` }, time(update.time, feed, 'clock', !update.title && id)), ' ',
      h('span', { class: 'ago' }), ' ',
      ...(prefix === 'pinned' ? label('pinned') : []), ...(update.breaking ? label('breaking') : []), ...(update.key ? label('key') : []),
      update.edited && h('span', { class: 'edited' }, ...around(words.updated, time(update.edited, feed, 'brief')))),
    update.title && h('h3', { class: 'headline', id, part: 'title' }, update.title),
    body,
    update.image && figure(update.image, origin),
    update.correction && h('p', { class: 'correction' }, h('strong', {}, words.correction), ' ', update.correction),
    update.link && h('p', { class: 'source' },
      h('a', { href: safe(update.link.url), rel: 'noopener nofollow ugc' }, update.link.label ?? words.fullStory)),
    (update.author || update.tags.length > 0) && h('p', { class: 'by' },
      update.author && h('span', { class: 'author' }, update.author), ' ',
      ...update.tags.flatMap((tag) => [h('a', { class: 'tag', href: `${page}?tag=${encodeURIComponent(tag)}` }, tag), ' '])),
  ].filter(Boolean));
  localise(article.querySelector('time'), feed);
  if (layout === 'full') equip(article, words);
  article.querySelectorAll('a, button')[focused]?.focus({ preventScroll: true });
}
