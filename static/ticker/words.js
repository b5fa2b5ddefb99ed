/** What the page says: static/words/<lang>.json, one file a language, with holes and plurals. */

/** @param {string} lang whole, else its first part, else English */
export async function load(lang) {
  for (const name of [lang, lang.split('-')[0], 'en']) {
    const response = await fetch(new URL(`../words/${name}.json`, import.meta.url), { credentials: 'omit' });
    if (response.ok) return { ...(await response.json()), lang: name };
  }
  throw new Error('there are no words');
}

export const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);

/** @param {Record<string, string>} forms by CLDR category @param {number} n */
export const plural = (forms, n, lang, shown = n) => fillIn(forms[new Intl.PluralRules(lang).select(n)] ?? forms.other, { n: shown });
