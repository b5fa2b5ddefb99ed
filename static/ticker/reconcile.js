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
