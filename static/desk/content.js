/** What an item says: as the form has it, as the server has it, and whether two say the same. */
import { payload, rawOf } from './form.js';
import { isSame } from './merge.js';

/** Where it is kept on this computer. */
export const recordName = (feed, id) => `item:${feed}:${id}`;

/** What an item says, as fields of the form. */
export const fieldsOf = ({ content }) => {
  const { correction, minor, ...fields } = rawOf(content);
  return fields;
};

/** The same, as the form would send it. */
export const normal = (content) => payload(fieldsOf({ content }));

/** Nothing that anybody would miss: an author is remembered anyway. */
export const isBlank = (fields) => !Object.entries(fields).some(([name, value]) => name !== 'author' && (value === true || String(value || '').trim()));

/** A published update or an item that says the same; a time that nobody set was stamped. */
export function says(content, published) {
  const theirs = normal(published);
  return isSame({ ...content, time: null }, { ...theirs, time: null }) && (!content.time || content.time === theirs.time);
}

