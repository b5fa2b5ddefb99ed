/** What the host puts between the updates: children with slot="after-1" and the like. */
import { h } from './article.js';

const PLACE = /^(after-[1-9]\d?|end)$/;

/** The places that an element's children ask for, but those that are `known`. */
export function wanted(element, known = new Map()) {
  const names = new Set([...element.children].map(({ slot }) => slot));
  return [...names].filter((name) => PLACE.test(name) && !known.has(name));
}

/** A place in the list, as templates/_ticker.html makes it. */
export const place = (name) => h('aside', { class: 'place', 'data-place': name }, h('slot', { name }));
