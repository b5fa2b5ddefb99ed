/**
 * `<live-feed src="https://host" feed="news" limit="10">`: a ticker on somebody else's page. What stands inside
 * it is shown until there is something to show, and stays if that never comes. The host page hears of no failure
 * but in words.
 */
import { SharedConnection } from '../client/shared.js';
import { h } from './article.js';
import { sheetOf, styles } from './assets.js';
import { ATTRIBUTES, read } from './attributes.js';
import { showFeed } from './hosted.js';

/** In force at once: nothing on the host's page moves when the rest comes. */
const BASE = ':host{display:block}[hidden]{display:none!important}.box{height:var(--livefeed-height,480px);overflow:auto}.box.grows{height:auto;overflow:visible}';

/**
 * Where a ticker is shown, until `signal`.
 * @typedef {{element: HTMLElement, box: HTMLElement, teller: HTMLElement, signal: AbortSignal, connect: Function,
 *   show(root: HTMLElement): Promise<void>, status: Function, say(text: string): void}} Stage
 */

export class LiveFeed extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  #root = this.attachShadow({ mode: 'open' });
  #slot = h('slot');
  #notice = h('p', { class: 'livefeed notice', role: 'status', part: 'status', hidden: '' });
  #box = h('div', { class: 'box' });
  /** In the host's document, where every screen reader hears it. */ #teller = h('div', { slot: 'livefeed-told' });
  #base = sheetOf(BASE);
  #size = sheetOf('');
  #run = new AbortController();
  #due = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [this.#base, this.#size];
    this.#root.append(this.#box, h('div', { class: 'unseen' }, h('slot', { name: 'livefeed-told' })));
    this.#clear();
  }

  connectedCallback() {
    this.#restart();
  }

  attributeChangedCallback(name, old, value) {
    if (old !== value) this.#restart();
  }

  disconnectedCallback() {
    this.#clear();
  }

  /** Three attributes set in a row, or a move within the page, are one start. */
  #restart() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#clear();
      if (this.isConnected) this.#start();
    });
  }

  #clear() {
    this.#run.abort();
    this.#teller.remove();
    this.#box.replaceChildren(this.#slot, this.#notice);
    this.#notice.hidden = true;
    this.#slot.hidden = false;
  }

  #start() {
    const options = read(this, import.meta.url);
    this.#box.classList.toggle('grows', options.grows);
    this.#size.replaceSync(options.height ? `:host{--livefeed-height:${options.height}px}` : '');
    this.#run = new AbortController();
    const stage = this.#stage(options, this.#run.signal);
    if (!options.slug || !options.server) return stage.say('This ticker has no feed="…" to show, or its src="…" is no server.');
    styles().catch(() => {}); // on its way while the feed is asked for
    if (options.announces) this.append(this.#teller);
    if (!options.update) return showFeed(stage, options);
    return import('./one.js').then(({ showOne }) => stage.signal.aborted || showOne(stage, options)).catch(console.warn);
  }

  /** @returns {Stage} */
  #stage({ slug }, signal) {
    const stage = {
      element: this,
      box: this.#box,
      teller: this.#teller,
      signal,
      connect: (given) => new SharedConnection({
        ...given,
        onmessage: (message) => {
          given.onmessage(message);
          if (!signal.aborted) this.#tell(message);
        },
      }),
      show: async (root) => {
        this.#root.adoptedStyleSheets = [this.#base, await styles(), this.#size];
        if (signal.aborted) return;
        this.#slot.hidden = true;
        this.#box.append(root);
      },
      status: (status, detail) => {
        if (signal.aborted) return;
        this.#dispatch('state', { state: status });
        if (status === 'refused') stage.say(refusal(slug, detail));
        else if (status === 'live') this.#notice.hidden = true;
      },
      say: (text) => {
        console.warn(`<live-feed>: ${text}`);
        this.#notice.textContent = text;
        this.#notice.hidden = false;
        styles().then((sheet) => (this.#root.adoptedStyleSheets = [this.#base, sheet, this.#size]), () => {});
      },
    };
    return stage;
  }

  /** The host hears of each change as it is on the wire. */
  #tell({ type, change, recovered, changes }) {
    for (const { op, update, id } of type === 'change' ? [change] : (recovered && changes) || []) {
      if (op === 'put' || op === 'delete') this.#dispatch('update', { op, id: id ?? update.id, update: update ?? null });
    }
  }

  #dispatch(name, detail) {
    this.dispatchEvent(new CustomEvent(`livefeed:${name}`, { detail, bubbles: true }));
  }
}

function refusal(slug, { exists, allowed } = {}) {
  if (exists === false) return `There is no ticker “${slug}” on this server.`;
  if (allowed === false) return `The ticker “${slug}” may not be shown on ${location.host || 'this page'}.`;
  return `The ticker “${slug}” is not available.`;
}
