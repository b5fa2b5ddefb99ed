/** What is told to who listens rather than looks: once each, and not what changes all the time. */

/** @param {string} text */
export function announce(text) {
  const region = document.getElementById('said');
  // The same sentence again is news again.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
