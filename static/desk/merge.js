/** What two people made of the same text. Pure; fields are compared as JSON. */

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** @returns {Record<string, unknown>} a merge patch that makes `after` of `before` */
export const patchOf = (before, after) => Object.fromEntries(Object.entries(after).filter(([name, value]) => !same(value, before[name])));

export const isSame = (a, b) => Object.keys({ ...a, ...b }).every((name) => same(a[name], b[name]));

/**
 * Three-way, field by field.
 * @returns {{merged: Record<string, unknown>, theirs: string[], conflicts: string[]}} `merged`: mine where both changed the same
 *   field; `theirs`: what was taken over from them
 */
export function merge(base, mine, theirs) {
  const merged = { ...mine };
  const taken = [];
  const conflicts = [];
  for (const name of Object.keys(mine)) {
    if (same(theirs[name], base[name]) || same(theirs[name], mine[name])) continue;
    if (same(mine[name], base[name])) {
      merged[name] = theirs[name];
      taken.push(name);
    } else conflicts.push(name);
  }
  return { merged, theirs: taken, conflicts };
}
