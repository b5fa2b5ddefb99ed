/** An update passed on, or read aloud. */
import { h } from './article.js';

const SHOWN_MS = 3000;
/** Sentences, long ones in pieces: remote voices of Chromium fall silent after about 15 s of one utterance. */
const PART = /[^]{1,200}?(?:[.!?…]\s|[。！？\n])|[^]{1,200}(?:\s|$)|[^]{200}/g;

/** What one of an update's buttons is for. @param {HTMLButtonElement} button */
export function use(button, { feed, words }) {
  if (button.dataset.act === 'listen') return listen(button, { lang: feed.textLang ?? feed.lang, words });
  const article = button.closest('.update');
  const title = article.querySelector('.headline')?.textContent ?? feed.title;
  return share(button, { url: article.querySelector('.permalink').href, title, words });
}

/** @param {HTMLButtonElement} button @param {{url: string, title: string, words: object}} what */
export async function share(button, { url, title, words }) {
  const data = { url, title };
  try {
    if (navigator.canShare?.(data)) return await navigator.share(data);
  } catch (error) {
    if (error.name === 'AbortError') return;
  }
  try {
    await navigator.clipboard.writeText(url);
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.share), SHOWN_MS);
  } catch {
    show(button, url, words);
  }
}

/** Where nothing can be copied for the reader, the address is there to be copied. */
function show(button, url, words) {
  const [before, after] = words.copy.split('{url}');
  const address = h('bdi', {}, url);
  const above = button.closest('.meta') ?? button;
  above.parentNode.querySelector('.copy')?.remove();
  above.after(h('p', { class: 'copy' }, before, address, after));
  getSelection()?.selectAllChildren(address);
}

/** Of pictures what they show, of cards the site. */
const spoken = (article) =>
  [...article.querySelectorAll('.headline, .body > :not(.card), .site, img, figcaption, .correction')]
    .map((node) => node.alt ?? node.innerText)
    .join('\n');

/** What is being read, and whose button says so. */
let reading = null;

function stop() {
  if (!reading) return;
  const { button, words } = reading;
  reading = null;
  speechSynthesis.cancel();
  button.textContent = words.listen;
  removeEventListener('pagehide', stop);
}

/** Reads aloud, one at a time; the same button again is the end of it. @param {HTMLButtonElement} button */
export function listen(button, { text = spoken(button.closest('.update')), lang, words }) {
  if (!globalThis.speechSynthesis) {
    button.hidden = true;
    return;
  }
  const again = reading?.button === button;
  stop();
  if (again) return;
  const parts = text.match(PART) ?? [];
  const mine = { button, words };
  const next = () => {
    if (reading !== mine) return;
    const part = parts.shift();
    // It may have been withdrawn meanwhile, or rewritten.
    if (!part || !button.isConnected) return stop();
    // Kept: Chromium tells no end of an utterance that was collected.
    mine.utterance = new SpeechSynthesisUtterance(part);
    Object.assign(mine.utterance, { lang, onend: next, onerror: () => reading === mine && stop() });
    speechSynthesis.speak(mine.utterance);
  };
  reading = mine;
  button.textContent = words.stop;
  addEventListener('pagehide', stop);
  next();
}
