/** One update in `<live-feed update="…">`, kept right. @import { Stage } from './element.js' */
import { getJSON } from '../client/wire.js';
import { h, write } from './article.js';
import { insist, wordsOf } from './assets.js';
import { handle } from './clicks.js';
import { localise } from './language.js';
import { direction } from './skeleton.js';

const TICK_MS = 30_000;

/** @param {Stage} stage */
export function showOne(stage, { server, slug, update: id, lang }) {
  const { signal } = stage;
  const url = `${server}/v1/feeds/${slug}`;
  /** What is known, and what shows it. */
  const held = { update: null, feed: null, gone: false, words: null };
  const article = h('article', { id: `update-${id}` });
  let drawing = null;

  async function begin() {
    held.words = await insist(() => wordsOf(lang ?? held.feed.lang), signal);
    const root = frame(article, held, { server, slug, id });
    root.addEventListener('click', (event) => handle(event, { parts: {}, layout: 'full', origin: server, root, ...held }), { signal });
    draw();
    await insist(() => stage.show(root), signal);
  }

  function draw() {
    const { words, gone, update } = held;
    const feed = { ...held.feed, lang: lang ?? held.feed.lang };
    if (gone) article.replaceChildren(h('p', { class: 'empty' }, words.withdrawn));
    else write(article, update, { feed, origin: server, words, layout: 'full', prefix: 'update' });
  }

  function take({ op, update, id: deleted, feed }) {
    if (op === 'feed') held.feed = feed;
    if (op === 'put' && update.id === id && !held.gone && !(held.update?.rev >= update.rev)) held.update = update;
    if (op === 'delete' && deleted === id) Object.assign(held, { gone: true, update: null });
    if (held.words) draw();
  }

  /** As it is now. @returns {Promise<string>} the position of that */
  async function load() {
    try {
      const { body } = await getJSON(`${url}/updates?limit=1&around=${id}`, { cache: 'reload', signal });
      held.feed = body.feed;
      const update = body.updates.find((one) => one.id === id) ?? null;
      Object.assign(held, { update, gone: !update });
      if (held.words) draw();
      drawing ??= begin().catch(console.warn);
      return body.position;
    } catch (error) {
      if (error.status === 404) stage.say(`The ticker “${slug}” has no update “${id}”.`);
      throw error;
    }
  }

  const connection = stage.connect({
    url,
    prepare: load,
    onmessage(message) {
      if (message.type === 'change') take(message.change);
      else if (message.recovered) message.changes.forEach(take);
      else if (message.type === 'sync') load().catch(() => connection.resync());
    },
    onstatus: stage.status,
  });
  const timer = setInterval(() => article.querySelectorAll('time').forEach((time) => localise(time, { ...held.feed, lang: lang ?? held.feed.lang })), TICK_MS);
  signal.addEventListener('abort', () => {
    clearInterval(timer);
    connection.close();
  });
  connection.start();
}

function frame(article, { feed, words }, { server, slug, id }) {
  const own = { lang: feed.lang, dir: direction(feed.lang) };
  const ticker = `${server}/feeds/${slug}`;
  return h('div', { class: 'livefeed embedded single', lang: words.lang, dir: direction(words.lang) },
    h('p', { class: 'back' }, h('a', { href: ticker, part: 'title', ...own }, feed.title)),
    h('section', { class: 'updates', ...own }, article),
    h('p', { class: 'pages' }, h('a', { class: 'whole', part: 'more', href: `${ticker}?around=${id}#update-${id}` }, words.inTicker)));
}
