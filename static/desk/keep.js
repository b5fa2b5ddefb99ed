/** What was typed and is not yet published, kept on this computer. Where storage is denied, for this page only. */
const PREFIX = 'livefeed:desk:';

const fallback = new Map();

function storage() {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

/** @param {string} name @param {unknown} value @returns {boolean} whether it outlives this page */
export function keep(name, value) {
  fallback.set(name, value);
  try {
    storage().setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
export function kept(name) {
  try {
    const text = storage()?.getItem(PREFIX + name);
    if (text != null) return JSON.parse(text);
  } catch { /* written by somebody else, or denied */ }
  return fallback.get(name);
}

/** @param {string} name */
export function drop(name) {
  fallback.delete(name);
  storage()?.removeItem(PREFIX + name);
}

/** @param {string} start @returns {string[]} the names that begin so */
export function keptNames(start) {
  const names = new Set(fallback.keys());
  for (const key of Object.keys(storage() ?? {})) if (key.startsWith(PREFIX)) names.add(key.slice(PREFIX.length));
  return [...names].filter((name) => name.startsWith(start));
}
