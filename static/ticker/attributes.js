/** What the attributes of `<live-feed>` ask for. docs/embedding.md lists them. */

export const ATTRIBUTES = [
  'src', 'feed', 'limit', 'layout', 'order', 'filter', 'height', 'grow', 'more', 'update', 'announce', 'lang', 'storage',
];

const LIMITS = { full: 20, compact: 5 };

/** Of whole numbers those in between, else none. */
function number(text, least, most) {
  const value = /^\d{1,5}$/.test(text ?? '') ? Number(text) : null;
  return value === null ? value : Math.min(most, Math.max(least, value));
}

/** Only http and https have an origin that a ticker can be on. */
function originOf(address) {
  try {
    const { protocol, origin } = new URL(address, document.baseURI);
    return /^https?:$/.test(protocol) ? origin : null;
  } catch {
    return null;
  }
}

const matching = (pattern, text) => (pattern.test(text ?? '') ? text : null);

/** @param {HTMLElement} element @param {string} own an address of the server that these scripts come from */
export function read(element, own) {
  const get = (name) => element.getAttribute(name);
  const layout = get('layout') === 'compact' ? 'compact' : 'full';
  const limit = number(get('limit'), 1, 100) ?? LIMITS[layout];
  const height = number(get('height'), 100, 10_000);
  const update = matching(/^[\w-]{1,64}$/, get('update'));
  return {
    server: originOf(get('src') || own),
    slug: matching(/^[a-z0-9-]{1,64}$/, get('feed')),
    update,
    limit,
    layout,
    most: layout === 'compact' ? limit : undefined,
    query: { order: get('order') === 'oldest' && 'oldest', key: get('filter') === 'key' && '1' },
    height,
    grows: element.hasAttribute('grow') || (!!update && !height),
    leads: layout === 'compact' || get('more') === 'link',
    announces: element.hasAttribute('announce'),
    lang: matching(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, get('lang')),
    keeps: get('storage') !== 'off',
  };
}
