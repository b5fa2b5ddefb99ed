/** A whole feed in `<live-feed>`. @import { Stage } from './element.js' */
import { Feed } from '../client/feed.js';
import { insist, wordsOf } from './assets.js';
import { HostedView } from './hostedview.js';
import { place, wanted } from './places.js';
import { skeleton } from './skeleton.js';

/** So many updates are made in one go. */
const SLICE = 3;

/** @param {Stage} stage */
export function showFeed(stage, options) {
  const { signal } = stage;
  let view = null;
  let begun = false;
  const feed = new Feed({
    url: `${options.server}/v1/feeds/${options.slug}`,
    limit: options.limit,
    query: options.query,
    connect: stage.connect,
    place: () => view?.place() ?? [],
    onchange(state) {
      if (signal.aborted) return;
      translate(state, options.lang);
      if (begun) return void view?.render(state);
      begun = true;
      begin(stage, options, feed, (made) => (view = made)).catch(console.warn);
    },
    onstatus(...said) {
      stage.status(...said);
      if (!signal.aborted) view?.status(...said);
    },
  });
  signal.addEventListener('abort', () => {
    feed.close();
    view?.close();
  });
  feed.start();
}

/** The language that the ticker speaks, where that is another than its texts'. */
function translate(state, lang) {
  const { feed } = state;
  if (lang && feed.lang !== lang) state.feed = { ...feed, lang, textLang: feed.lang };
}

/** Style sheet and words come from where this module came from; what was shown until then stays until they are here. */
async function begin(stage, options, feed, use) {
  const { element, box, teller, signal } = stage;
  const { lang, textLang = lang } = feed.state.feed;
  const words = await insist(() => wordsOf(lang), signal);
  const whole = options.leads ? `${options.server}/feeds/${options.slug}` : null;
  const root = skeleton(words, { layout: options.layout, lang: textLang, whole, places: wanted(element).map(place) });
  if (signal.aborted) return;
  const view = new HostedView(root, {
    origin: options.server,
    words,
    layout: options.layout,
    most: SLICE,
    settings: new Map([['announce', options.announces]]),
    host: options.announces ? teller : root,
    box: options.grows ? null : box,
    signal,
  });
  view.source = feed;
  use(view);
  view.render(feed.state); // before it is in the page: laid out once
  view.status(feed.connection.status);
  await insist(() => stage.show(root), signal);
  await unfold(view, options.most, signal);
  if (signal.aborted) return;
  follow(stage, view);
  if (options.keeps && options.layout === 'full' && !Object.keys(feed.query).length) remember(stage, options, { view, feed, words });
}

const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve, { timeout: 200 }));

/** The rest, a little at a time: on a slow telephone the page around answers meanwhile. */
async function unfold(view, most, signal) {
  while (!signal.aborted && view.most < Math.min(most ?? Infinity, view.source.state.updates.length)) {
    await idle();
    view.most += SLICE;
    if (!signal.aborted) view.refresh();
  }
  view.most = most;
  if (!signal.aborted) view.refresh();
}

/** The host's own doings: its address, its children. */
function follow({ element, signal }, view) {
  const goToHash = () => {
    const [, id] = /^#update-([\w-]{1,64})$/.exec(location.hash) ?? [];
    if (id) view.find(id).catch(console.warn);
  };
  addEventListener('hashchange', goToHash, { signal });
  goToHash();
  const look = () => {
    const missing = wanted(element, view.places);
    for (const name of missing) view.addPlace(place(name));
    if (missing.length) view.refresh();
  };
  look();
  const children = new MutationObserver(look);
  children.observe(element, { childList: true });
  signal.addEventListener('abort', () => children.disconnect());
}

/** When there is time for it; without it the ticker still does its work. */
function remember({ signal }, { slug }, { view, feed, words }) {
  const later = () => signal.aborted || import('./returning.js').then((it) => it.remember({ view, feed, slug, words, signal })).catch(console.warn);
  (globalThis.requestIdleCallback ?? setTimeout)(later);
}
