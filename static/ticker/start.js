/** The ticker page: takes over what the server rendered, and keeps it live. */
import { Feed } from '../client/feed.js';
import { View } from './view.js';

const root = document.querySelector('.livefeed');

/** Storage may be denied, or not wanted: then nothing is remembered. */
const stored = (kind, name, ...value) => {
  try {
    return root.dataset.storage ? null : globalThis[kind][value.length ? 'setItem' : 'getItem'](`livefeed:${name}`, ...value);
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
  block.remove();
  return JSON.parse(block.textContent);
}

export function start() {
  const [page, words] = [take('page'), take('words')];
  const query = JSON.parse(root.dataset.query || '{}');
  const { layout = 'full', most } = root.dataset;
  const told = [...page.pinned, ...page.updates];

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
  equipLater({ view, feed, words, layout });
}

/** What is not needed at once; without it the page still does its work. */
const later = (loading, use) => loading.then(use).catch(console.warn);

function equipLater({ view, feed, words, layout }) {
  const options = root.querySelector('.options');
  if (options) {
    options.hidden = false;
    options.addEventListener('click', () => later(import('./options.js'), ({ open }) => open(options, { words, settings })));
  }
  if (stored('localStorage', 'desk:hint')) later(import('../desk/hint.js'), ({ hint }) => hint(root, view.feed.slug));
  if (layout === 'wall') later(import('./wall.js'), ({ wall }) => wall({ root }));
  if (layout === 'full' && !root.dataset.storage) {
    const remember = () => later(import('./returning.js'), (it) => it.remember({ view, feed, slug: view.feed.slug, words }));
    (globalThis.requestIdleCallback ?? setTimeout)(remember);
  }
}
