/** The view on somebody else's page, in a box that scrolls or as long as it is. Nothing jumps there. */
import { keep } from './list.js';
import { View } from './view.js';

const MOST = 40;

const topOf = (node) => node.getBoundingClientRect().top;

export class HostedView extends View {
  /** What is held where it was. @type {HTMLElement[]} */ #held = [];

  /** @param {{box: ?HTMLElement, signal: AbortSignal}} options */
  constructor(root, { box, signal, ...options }) {
    super(root, options);
    this.box = box;
    box?.addEventListener('scroll', () => this.scrolled(), { passive: true, signal });
  }

  get edge() {
    return this.box && this.root.isConnected ? topOf(this.box) + this.box.clientTop : 0;
  }

  keep(change) {
    keep(this.parts.updates, change, this.edge, this.box ?? undefined);
  }

  /**
   * News that flow in push the rest away. What is pushed stays where it is for one frame more, by a translation, and is
   * in its place in the next: so nothing of it counts as a jump in the page's Cumulative Layout Shift.
   */
  move(change) {
    if (!this.root.isConnected) return void change();
    const before = this.#rows().map((node) => [node, topOf(node)]);
    change();
    this.#release();
    const moved = before.map(([node, was]) => [node, was - topOf(node)]).filter(([node, by]) => by && node.isConnected);
    for (const [{ style }, by] of moved) style.translate = `0 ${by}px`;
    const held = (this.#held = moved.map(([node]) => node));
    requestAnimationFrame(() => requestAnimationFrame(() => held === this.#held && this.#release()));
  }

  /** Those that can be seen, and what stands below them. */
  #rows() {
    const { updates } = this.parts;
    return [...[...updates.children].slice(0, MOST), updates.nextElementSibling].filter((node) => {
      const { top: above, bottom } = node.getBoundingClientRect();
      return bottom > 0 && above < innerHeight;
    });
  }

  #release() {
    for (const { style } of this.#held) style.translate = '';
    this.#held = [];
  }

  /** The page around the box moves no further than it must. */
  go(element) {
    const { box, root } = this;
    if (!box) return super.go(element);
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
    // With the head above it, where that fits: then news go on flowing in.
    const target = topOf(element) - topOf(root) < box.clientHeight / 2 ? root : element;
    const margin = Number.parseFloat(getComputedStyle(target).scrollMarginTop) || 0;
    box.scrollBy({ top: topOf(target) - this.edge - margin, behavior: 'instant' });
    return box.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  }
}
