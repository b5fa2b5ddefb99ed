/** A list of actions below its button; on a phone it lies at the bottom, by the thumb. Opening and closing is the browser's (popover). */

const MARGIN_PX = 8;
const GAP_PX = 4;

/** @param {HTMLElement} menu with the attribute `popover`, opened by the button that names it */
export function menu(menu) {
  const button = document.querySelector(`[popovertarget="${menu.id}"]`);
  menu.addEventListener('toggle', ({ newState }) => {
    if (newState === 'open') place(menu, button);
  });
  // Before the action itself: a dialog that it opens gives the focus back to where it is now.
  const leave = ({ target }) => {
    if (!target.closest('button, a')) return;
    menu.hidePopover();
    button.focus();
  };
  menu.addEventListener('click', leave, { capture: true });
  const all = () => [...menu.querySelectorAll('button, a')].filter((one) => one.checkVisibility());
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    menu.showPopover({ source: button });
    all()[0]?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const found = all();
    found.at((found.indexOf(document.activeElement) + step) % found.length)?.focus();
  });
}

function place(menu, button) {
  const { left, bottom } = button.getBoundingClientRect();
  menu.style.setProperty('--left', `${Math.max(MARGIN_PX, Math.min(left, innerWidth - menu.offsetWidth - MARGIN_PX))}px`);
  menu.style.setProperty('--top', `${bottom + GAP_PX}px`);
}
