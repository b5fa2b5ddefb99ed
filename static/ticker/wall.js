/** A screen on a wall: it stays on, and nothing points at it. */

const STILL_MS = 3000;

/** @param {{root: HTMLElement, signal?: AbortSignal}} options */
export function wall({ root, signal }) {
  let lock;
  let timer;
  // The browser takes it back whenever the page is hidden; with a low battery it gives none.
  const look = () => {
    if (document.visibilityState === 'visible') lock = navigator.wakeLock?.request('screen').catch(() => {});
  };
  const move = () => {
    clearTimeout(timer);
    root.classList.remove('still');
    timer = setTimeout(() => root.classList.add('still'), STILL_MS);
  };
  document.addEventListener('visibilitychange', look, { signal });
  document.addEventListener('pointermove', move, { signal });
  signal?.addEventListener('abort', () => {
    move();
    clearTimeout(timer);
    lock?.then((one) => one?.release());
  });
  look();
  move();
}
