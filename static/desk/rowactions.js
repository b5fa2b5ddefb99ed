/** What one click does to an update. Each gives the change that it made; null: none. */
import { api, newKey, updatePath } from './api.js';
import { ask } from './ask.js';

/** One mark more or less; whatever others change meanwhile stays. @param {string} slug @param {object} update @param {string} name */
export async function mark(slug, update, name) {
  const body = { [name]: !update[name] };
  return { op: 'put', update: await api('PATCH', updatePath(slug, update.id), { body, patch: true, key: newKey() }) };
}

/** @param {string} slug @param {object} update @param {string[]} others who edit it at this moment */
export async function remove(slug, { id, headline, time }, others) {
  const text = `“${headline}” is removed from the server and from every reader's page, with all its earlier versions. `
    + 'It cannot be brought back. What remains is its number and time, so that its address can answer that it was deleted.'
    + (others.length ? ` ${new Intl.ListFormat('en').format(others)} editing it now will be told; their text stays with them.` : '');
  if ((await ask('Delete this update?', text, { delete: 'Delete', keep: 'Keep' })) !== 'delete') return null;
  await api('DELETE', updatePath(slug, id), { key: newKey() });
  return { op: 'delete', id, time };
}
