/** Where a link leads to: `/desk?feed=…&edit=<id>` opens that update's editor, however old it is. And who is offered such links. */
import { api, updatePath } from './api.js';
import { drop, keep } from './keep.js';

const asked = new URLSearchParams(location.search);
let feedAsked = asked.get('feed');
let updateAsked = asked.get('edit');

/** The feed that the link named, once. @returns {?string} */
export function linkedFeed() {
  const slug = feedAsked;
  feedAsked = null;
  return slug;
}

/** @param {string} slug the feed that is shown @param {import('./rows.js').Rows} rows @param {(text: string) => void} say */
export async function openLinked(slug, rows, say) {
  const id = updateAsked;
  if (!id || slug !== asked.get('feed')) return;
  updateAsked = null;
  history.replaceState(null, '', location.pathname);
  try {
    rows.open(await api('GET', updatePath(slug, id)));
  } catch (error) {
    say(error.status === 410 ? 'The update that you came to edit was deleted.' : error.message);
  }
}

/** The pages that everybody reads offer to edit (hint.js). @param {{role: string, feeds: ?string[]}} me */
export function offerEditing({ role, feeds }) {
  if (role === 'contributor') stopOffering();
  else keep('hint', { feeds });
}

export const stopOffering = () => drop('hint');
