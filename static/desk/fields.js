/** The fields of an update by the names that editors know, and as they are read. */

const NAMES = {
  title: 'Title', text: 'Text', author: 'Author', tags: 'Tags', time: 'Time', link: 'Link', image: 'Image', correction: 'Correction',
  breaking: 'Breaking', key: 'Key event', pinned: 'Pinned',
};

/** @param {string} name @returns {string} */
export const fieldName = (name) => NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1);

/** The inputs that make a field, where that is more than one. */
const INPUTS = { link: ['link', 'label'] };

/** @param {string} name of a field @returns {string[]} of the form's inputs */
export const inputsOf = (name) => INPUTS[name] ?? [name];

/** @param {string} input @returns {string} the field that it belongs to */
export const fieldOf = (input) => Object.keys(INPUTS).find((name) => INPUTS[name].includes(input)) ?? input;

function image(json) {
  if (!json) return '';
  const { url, alt, caption, credit } = JSON.parse(json);
  return [caption, alt && `(${alt})`, credit, url].filter(Boolean).join(' ');
}

/** A field as people read it. @param {string} name @param {Record<string, string | boolean>} fields the form's @returns {string} */
export function readable(name, fields) {
  const value = fields[name];
  if (name === 'link') return [fields.label, value].filter(Boolean).join(' ');
  if (name === 'image') return image(value);
  if (name === 'time') return String(value ?? '').replace('T', ' ');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value ?? '');
}
