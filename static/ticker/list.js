/** A list kept right, and what is read in it kept where it is, also where the browser has no scroll anchoring. */

const CANDIDATES = 20;

/** The first updates of a list that are not above what can be seen. @param {HTMLElement} list @returns {Element[]} */
export function visible({ children }, above = 0) {
  let [low, high] = [0, children.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (children[middle].getBoundingClientRect().bottom > above) high = middle;
    else low = middle + 1;
  }
  return [...children].slice(low, low + CANDIDATES).filter(({ id }) => id);
}

/** Does `change`, which returns what it moved, and scrolls so that the first visible of the others stays. */
export function keep(list, change, above, pane = window) {
  const places = visible(list, above).map((node) => [node, node.getBoundingClientRect().top]);
  const moved = change();
  const [node, top] = places.find(([one]) => one.isConnected && !moved?.has(one)) ?? [];
  const shift = node ? node.getBoundingClientRect().top - top : 0;
  if (shift) pane.scrollBy({ top: shift, behavior: 'instant' });
}

/** Shows an element of a root and lets the keyboard go on from it. */
export function goTo(element, root) {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
  const below = element.getBoundingClientRect().top - root.getBoundingClientRect().top;
  // With the head above it, where that fits: then news go on flowing in.
  (below < innerHeight / 2 ? root : element).scrollIntoView({ block: 'start', behavior: 'instant' });
}

/**
 * Makes the children of `parent` those of `wanted`, {key, rev, make, write}, touching only what differs.
 * @returns {Set<Element>} what stood elsewhere before
 */
export function reconcile(parent, wanted) {
  const keys = new Set(wanted.map(({ key }) => key));
  const nodes = new Map();
  const moved = new Set();
  for (const node of [...parent.children]) {
    const key = node.dataset.key ?? node.id;
    if (keys.has(key)) nodes.set(key, node);
    else node.remove();
  }
  let at = parent.firstElementChild;
  for (const { key, rev, make, write } of wanted) {
    const node = nodes.get(key) ?? make();
    if (!node.id) node.dataset.key = key;
    if (write && node.dataset.rev !== String(rev)) {
      node.dataset.rev = rev;
      try { // each alone
        write(node);
        node.hidden = false;
      } catch (error) {
        node.hidden = true;
        console.error(key, error);
      }
    }
    // One that goes down leaves its place, so that not all below it move up.
    if (at && node !== at && node === at.nextElementSibling) {
      const leaving = at;
      at = node;
      leaving.remove();
      moved.add(leaving);
    }
    if (node === at) {
      at = at.nextElementSibling;
    } else {
      if (nodes.has(key)) moved.add(node);
      parent.insertBefore(node, at);
    }
  }
  return moved;
}
