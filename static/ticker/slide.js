/**
 * News that flow in push the rest away. What is pushed stays where it is for one frame more, by a translation, and is in
 * its place in the next: so nothing of it counts as a jump in the page's Cumulative Layout Shift.
 */

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

/** Does `change`, and returns what that does. @param {HTMLElement} list */
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
