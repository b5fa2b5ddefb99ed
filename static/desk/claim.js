/** Which tab of this browser a text is open in. The lock ends with the tab, also when it crashes. */

/** Without locks (a page that came by plain HTTP): what was typed so lately may be open elsewhere. */
const LATELY_MS = 60_000;

/**
 * @param {string} id @param {{wait_ms?: number, at?: number}} [options] `wait_ms`: a page that is being reloaded lets go a moment later;
 *   `at`: when it was typed
 * @returns {Promise<?() => void>} lets go of it; null: another tab has it
 */
export function claim(id, { wait_ms = 0, at = 0 } = {}) {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(wait_ms || Date.now() - at > LATELY_MS ? () => {} : null);
  return new Promise((resolve) => {
    const options = wait_ms ? { signal: AbortSignal.timeout(wait_ms) } : { ifAvailable: true };
    const hold = (lock) => lock && new Promise((release) => resolve(release));
    locks.request(`livefeed:item:${id}`, options, hold).then(() => resolve(null), () => resolve(null));
  });
}

/** What is open in this tab, for when it is loaded again; where storage is denied, what was kept last is taken up. */
export function remember(slug, id) {
  try {
    sessionStorage.setItem(`compose:${slug}`, id);
  } catch { /* full, or denied */ }
}

export function remembered(slug) {
  try {
    return sessionStorage.getItem(`compose:${slug}`);
  } catch {
    return null;
  }
}
