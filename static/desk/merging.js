/** Two people change one update: what goes together by itself, and what people decide. Pure but for the clock's zone. */
import { fieldOf } from './fields.js';
import { difference, payload, rawOf } from './form.js';

const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/**
 * The fields that both changed, to different things.
 * @param {object} base the update as it was when I began @param {object} mine the form's fields
 * @param {object} current the update as it is now @param {object[]} sent what I tried to save before, and may have
 * @returns {string[]} names
 */
export function clashes(base, mine, current, sent = []) {
  const own = difference(rawOf(base), mine);
  const theirs = difference(rawOf(base), rawOf(current));
  const tried = sent.map(payload);
  const isMine = (name) => [own, ...tried].some((fields) => equal(theirs[name], fields[name]));
  return Object.keys(own).filter((name) => name in theirs && !isMine(name));
}

/** The form's fields on top of the newer update: what I changed stays, the rest is as it is now. @returns {object} */
export function rebased(base, mine, current) {
  const own = difference(rawOf(base), mine);
  const fields = { ...mine, ...rawOf(current) };
  for (const name of Object.keys(mine)) if (fieldOf(name) in own || name === 'minor') fields[name] = mine[name];
  return fields;
}
