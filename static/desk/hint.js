/**
 * “Edit” beside every update of a public page, in a browser that has signed in at the desk. The page itself is the same for all;
 * that it is an editor's browser only a note in its storage says, and the desk asks who it is again.
 */
import { h } from '../ticker/article.js';
import { kept } from './keep.js';

const MARKED = 'a.edit';

function offer(article, slug) {
  const meta = article.querySelector('.meta');
  const id = article.id.replace(/^[a-z]+-/, '');
  if (!meta || meta.querySelector(MARKED)) return;
  const href = `/desk?${new URLSearchParams({ feed: slug, edit: id })}`;
  const name = article.querySelector('.headline, .body')?.textContent.trim().slice(0, 80);
  meta.append(' ', h('a', { class: 'edit', href, lang: 'en', 'aria-label': `Edit: ${name}` }, 'Edit'));
}

/** @param {HTMLElement} root @param {string} slug the feed's */
export function hint(root, slug) {
  const known = kept('hint');
  if (!known || (known.feeds && !known.feeds.includes(slug))) return;
  const all = () => root.querySelectorAll('article[id]').forEach((article) => offer(article, slug));
  all();
  new MutationObserver(all).observe(root, { childList: true, subtree: true });
}
