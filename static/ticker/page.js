/** The ticker page: takes over what the server rendered, and keeps it live. */
import { Feed } from '../client/feed.js';
import { View } from './view.js';

const STORED = 'livefeed:transport';

/** What worked is remembered for this tab; where storage is denied, for this page. */
const memory = {
  get(server) {
    try {
      return sessionStorage.getItem(`${STORED}:${server}`);
    } catch {
      return null;
    }
  },
  set(server, name) {
    try {
      sessionStorage.setItem(`${STORED}:${server}`, name);
    } catch { /* then the next page tries from the start */ }
  },
};

const root = document.querySelector('.livefeed');
const page = JSON.parse(document.getElementById('livefeed-page').textContent);
const filters = JSON.parse(root.dataset.filters || '{}');

// For tests and bug reports: `?transports=sse,poll` leaves the WebSocket out.
const named = new URLSearchParams(location.search).get('transports')?.split(',').filter((name) => ['ws', 'sse', 'poll'].includes(name));

const view = new View(root, { feed: page.feed, onmore: () => feed.more() });
const feed = new Feed({
  url: `${location.origin}/v1/feeds/${page.feed.slug}`,
  page,
  filters: { tag: filters.tag, key: filters.key && '1' },
  memory,
  ...(named?.length && { transports: named }),
  onchange: (state) => view.render(state),
  onstatus: (status) => view.status(status),
});
feed.start();
