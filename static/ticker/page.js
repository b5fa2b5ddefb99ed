/** The ticker page: takes over what the server rendered, and keeps it live. */
import { Feed } from '../client/feed.js';
import { View } from './view.js';

const root = document.querySelector('.livefeed');
const { layout = 'full', most, storage } = root.dataset;

/** Storage may be denied, or not wanted: then nothing is remembered. */
const stored = (kind, name, ...value) => {
  try {
    return storage ? null : globalThis[kind][value.length ? 'setItem' : 'getItem'](`livefeed:${name}`, ...value);
  } catch {
    return null;
  }
};
/** Which transport worked, for this tab. */
const memory = { get: () => stored('sessionStorage', 'transport'), set: (server, name) => stored('sessionStorage', 'transport', name) };
const settings = {
  get: (name) => ({ true: true, false: false })[stored('localStorage', name)],
  set: (name, value) => stored('localStorage', name, value),
};

/** What a data block holds. The block goes: what is deleted later must not stay in it. */
function take(name) {
  const block = document.getElementById(`livefeed-${name}`);
  const value = JSON.parse(block.textContent);
  block.remove();
  return value;
}

const [page, words] = [take('page'), take('words')];
const told = [...page.pinned, ...page.updates];
const query = JSON.parse(root.dataset.query || '{}');

const view = new View(root, { feed: page.feed, words, layout, most, settings });
const feed = new Feed({
  url: `${location.origin}/v1/feeds/${page.feed.slug}`,
  page,
  query: { ...query, key: query.key && '1' },
  memory,
  place: () => view.place(),
  onchange(state) {
    view.render(state);
    // The page's JSON-LD is for those who do not stay: it must not tell of what was deleted or corrected since.
    if (!told.every(({ id, rev }) => state.knows(id, rev))) document.getElementById('livefeed-ld')?.remove();
  },
  onstatus: (...status) => view.status(...status),
});
view.source = feed;

const goToHash = () => location.hash.startsWith('#update-') && view.find(location.hash.slice('#update-'.length));
addEventListener('hashchange', goToHash);
feed.start();
goToHash();

/** What is not needed at once; without it the page still does its work. */
const later = (name, use) => import(`./${name}.js`).then(use).catch(console.warn);

const options = root.querySelector('.options');
if (options) {
  options.hidden = false;
  options.addEventListener('click', () => later('options', ({ open }) => open(options, { words, settings })));
}
if (layout === 'wall') later('wall', ({ wall }) => wall({ root }));
if (layout === 'full' && !storage) {
  const remember = () => later('returning', (module) => module.remember({ view, feed, slug: page.feed.slug, words }));
  (globalThis.requestIdleCallback ?? setTimeout)(remember);
}
