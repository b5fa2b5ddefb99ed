/** On somebody else's page nothing jumps. */
import { edge } from './list.js';

const MOST = 40;

const top = (node) => node.getBoundingClientRect().top;

/** The rows of a list that can be seen, and what stands below them. */
function rows(list) {
  const found = [];
  for (const node of [...[...list.children].slice(0, MOST), list.nextElementSibling]) {
    const { top: above, bottom } = node.getBoundingClientRect();
    if (bottom > 0 && above < innerHeight) found.push(node);
  }
  return found;
}

/** What is held, by list. @type {WeakMap<HTMLElement, HTMLElement[]>} */
const held = new WeakMap();

function release(list) {
  for (const { style } of held.get(list) ?? []) style.translate = '';
  held.delete(list);
}

/**
 * Does `change`, and returns what that does. News that flow in push the rest away: what is pushed stays where it is
 * for one frame more, by a translation, and is in its place in the next, so that nothing of it counts as a jump in
 * the page's Cumulative Layout Shift.
 * @param {HTMLElement} list
 */
export function slide(list, change) {
  const before = rows(list).map((node) => [node, top(node)]);
  const result = change();
  release(list);
  const moved = before.map(([node, was]) => [node, was - top(node)]).filter(([node, by]) => by && node.isConnected);
  for (const [{ style }, by] of moved) style.translate = `0 ${by}px`;
  const nodes = moved.map(([node]) => node);
  held.set(list, nodes);
  requestAnimationFrame(() => requestAnimationFrame(() => held.get(list) === nodes && release(list)));
  return result;
}

/** Shows an element in a box that scrolls and lets the keyboard go on from it; the page around moves no further than it must. */
export const goToIn = (box) => (element, root) => {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  const below = top(element) - top(root);
  // With the head above it, where that fits: then news go on flowing in.
  const target = below < box.clientHeight / 2 ? root : element;
  const margin = Number.parseFloat(getComputedStyle(target).scrollMarginTop) || 0;
  box.scrollBy({ top: top(target) - edge(box) - margin, behavior: 'instant' });
  box.scrollIntoView({ block: 'nearest', behavior: 'instant' });
};
