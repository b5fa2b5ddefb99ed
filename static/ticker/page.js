/** The ticker page: takes over what the server rendered, and keeps it live. */
import { Feed } from '../client/feed.js';
import { View } from './view.js';

/** Which transport worked, for this tab. Storage may be denied: then the next page tries from the start. */
const stored = (method, ...values) => {
  try {
    return sessionStorage[method]('livefeed:transport', ...values);
  } catch {
    return null;
  }
};
const memory = { get: () => stored('getItem'), set: (server, name) => stored('setItem', name) };

const root = document.querySelector('.livefeed');
const page = JSON.parse(document.getElementById('livefeed-page').textContent);
const filters = JSON.parse(root.dataset.filters || '{}');

const view = new View(root, { feed: page.feed, onmore: () => feed.more() });
const feed = new Feed({
  url: `${location.origin}/v1/feeds/${page.feed.slug}`,
  page,
  filters: { tag: filters.tag, key: filters.key && '1' },
  memory,
  onchange: (state) => view.render(state),
  onstatus: (status) => view.status(status),
});
feed.start();
