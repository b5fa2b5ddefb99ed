/** Keeps what is read where it is, also where the browser has no scroll anchoring. */

const CANDIDATES = 20;

/** The first updates of a list that are not above the viewport. @param {HTMLElement} list @returns {Element[]} */
export function visible({ children }) {
  let [low, high] = [0, children.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle].getBoundingClientRect().bottom > 0) high = middle;
    else low = middle + 1;
  }
  return [...children].slice(low, low + CANDIDATES).filter(({ id }) => id);
}

/** Does `change`, which returns what it moved, and scrolls so that the first visible of the others stays. */
export function keep(list, change) {
  const places = visible(list).map((node) => [node, node.getBoundingClientRect().top]);
  const moved = change();
  const [node, top] = places.find(([one]) => one.isConnected && !moved?.has(one)) ?? [];
  const shift = node ? node.getBoundingClientRect().top - top : 0;
  if (shift) scrollBy({ top: shift, behavior: 'instant' });
}

/** Shows an element of a root and lets the keyboard go on from it. */
export function goTo(element, root) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  const below = element.getBoundingClientRect().top - root.getBoundingClientRect().top;
  // With the head above it, where that fits: then news go on flowing in.
  (below < innerHeight / 2 ? root : element).scrollIntoView({ block: 'start', behavior: 'instant' });
}
