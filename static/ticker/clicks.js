/** What a click on the ticker does here, where the plain link would lead elsewhere. */

/** @param {MouseEvent} event @param {import('./view.js').View} view */
export function handle(event, view) {
  const target = event.target.closest('a, button');
  if (!target || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const act = action(target, view);
  if (!act) return;
  event.preventDefault();
  // The link still works, or shows why not; an embed must not leave its page.
  act().catch((error) => (target.href && !view.origin ? location.assign(target.href) : console.warn(error)));
}

/** @returns {?() => Promise<unknown>} */
function action(target, view) {
  const { parts: { more, newer }, layout, words } = view;
  const card = target.closest('.card.video');
  if (target === more && layout === 'full') return () => extend(view, () => view.source.more());
  if (target === newer) return () => extend(view, () => view.source.newer());
  if (target.hash?.startsWith('#update-')) return () => jump(target.hash, view);
  if (card) return async () => (await import('./media.js')).play(card, words);
  if (target.dataset.act) return async () => (await import('./share.js')).use(target, view);
  return null;
}

async function extend({ parts: { updates } }, load) {
  const last = updates.querySelector('article:last-of-type');
  updates.setAttribute('aria-busy', 'true');
  try {
    await load();
  } finally {
    updates.removeAttribute('aria-busy');
  }
  // The keyboard goes on with what came, not behind it.
  let next = last;
  do next = next?.nextElementSibling; while (next && !next.matches('article'));
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

async function jump(hash, view) {
  if (!(await view.find(hash.slice('#update-'.length)))) throw new Error(`${hash} cannot be found`);
  if (!view.origin) history.pushState(null, '', hash);
}
