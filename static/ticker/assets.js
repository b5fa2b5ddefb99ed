/** What a ticker on another site's page needs beside modules: style sheets and words. What failed is asked for again. */

const AGAIN_MS = 2000;

/** Does it until it is done, or of no use any more. @param {() => Promise<T>} what @param {AbortSignal} signal @returns {Promise<T>} @template T */
export async function insist(what, signal) {
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (signal.aborted) throw error;
      console.warn('<live-feed>:', error);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * (1 + Math.random())));
    }
  }
}

const made = new Map();

function once(name, make) {
  if (!made.has(name)) made.set(name, make().catch((error) => Promise.reject(made.delete(name) && error)));
  return made.get(name);
}

async function fetched(path) {
  const response = await fetch(new URL(path, import.meta.url), { credentials: 'omit' });
  if (!response.ok) throw Object.assign(new Error(`${response.status} from ${response.url}`), { status: response.status });
  return response;
}

/** Constructed, so that no style policy of the host is asked. */
export function sheetOf(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/** One sheet for all elements of the page. @returns {Promise<CSSStyleSheet>} */
export const styles = () => once('styles', async () => sheetOf(await (await fetched('./ticker.css')).text()));

/** Of a language as a whole, else of its first part, else English. @param {string} lang */
export async function wordsOf(lang) {
  for (const name of new Set([lang.toLowerCase(), lang.split('-')[0].toLowerCase(), 'en'])) {
    try {
      return await once(name, async () => ({ ...(await (await fetched(`../words/${name}.json`)).json()), lang: name }));
    } catch (error) {
      if (error.status !== 404 || name === 'en') throw error;
    }
  }
  return undefined;
}
