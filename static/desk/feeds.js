/** Which feed the desk works on; for admins, making one, closing it and opening it again. */
import { h } from '../ticker/article.js';
import { api, newKey } from './api.js';
import { ask } from './ask.js';
import { clearProblem, forgiveOnInput, raw, say, showProblem } from './form.js';
import { keep, kept } from './keep.js';

/** What browsers still call by the names of before, as they were when Intl froze them. */
const RENAMED = {
  'Asia/Calcutta': 'Asia/Kolkata', 'Asia/Katmandu': 'Asia/Kathmandu', 'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh', 'Europe/Kiev': 'Europe/Kyiv',
};

function ownZone() {
  const { timeZone = 'UTC' } = Intl.DateTimeFormat().resolvedOptions();
  return RENAMED[timeZone] ?? timeZone;
}

const element = (id) => document.getElementById(id);

export class Feeds {
  /** @type {object[]} */ #feeds = [];
  /** @type {?object} */ current = null;
  #admin = false;

  /** @param {{site: string, onchoose: (feed: ?object) => void, onstate: (feed: object) => void}} options */
  constructor({ site, onchoose, onstate }) {
    Object.assign(this, { site, onchoose, onstate, select: element('feed'), dialog: element('newfeed') });
    this.select.addEventListener('change', () => this.#choose(this.select.value));
    element('close').addEventListener('click', () => this.#close());
    element('reopen').addEventListener('click', () => this.#status('open'));
    element('create').addEventListener('click', () => this.#ask());
    const form = this.dialog.querySelector('form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#create(form);
    });
    forgiveOnInput(form);
    this.dialog.querySelector('[name="cancel"]').addEventListener('click', () => this.dialog.close());
  }

  /** @param {{role: string, feeds: ?string[]}} me */
  async load(me) {
    this.#admin = me.role === 'admin';
    const { feeds } = await api('GET', 'feeds?all=1');
    this.#feeds = feeds.filter(({ slug }) => !me.feeds || me.feeds.includes(slug));
    element('create').hidden = !this.#admin || me.feeds != null;
    const before = this.current?.slug ?? kept('feed');
    const known = (accepted) => this.#feeds.find(accepted)?.slug;
    this.#choose(known(({ slug }) => slug === before) ?? known(({ status }) => status === 'open') ?? known(() => true));
  }

  /** What the stream says of the feed that is shown. @param {object} feed */
  heard(feed) {
    if (JSON.stringify(feed) === JSON.stringify(this.current)) return;
    this.#feeds = this.#feeds.map((one) => (one.slug === feed.slug ? feed : one));
    this.current = feed;
    this.#show();
    this.onstate(feed);
  }

  #choose(slug) {
    const feed = this.#feeds.find((one) => one.slug === slug) ?? null;
    const same = feed && feed.slug === this.current?.slug;
    this.current = feed;
    this.#show();
    if (feed) keep('feed', feed.slug);
    if (!same) this.onchoose(feed);
  }

  #show() {
    const feed = this.current;
    const ended = (one) => (one.status === 'closed' ? ' (closed)' : one.status === 'draft' ? ' (draft)' : '');
    this.select.replaceChildren(...this.#feeds.map((one) => h('option', { value: one.slug }, one.title + ended(one))));
    this.select.disabled = !feed;
    if (feed) this.select.value = feed.slug;
    const may = this.#admin && feed;
    element('close').hidden = !may || feed.status !== 'open';
    element('reopen').hidden = !may || feed.status === 'open';
    element('reopen').textContent = feed?.status === 'draft' ? 'Open this feed' : 'Reopen this feed';
    element('open').hidden = !feed;
    if (feed) element('open').href = `${this.site}/feeds/${feed.slug}`;
    element('embed').hidden = !feed || feed.status === 'draft';
    if (feed) element('embed').href = `${this.site}/embed?feed=${feed.slug}`;
  }

  async #close() {
    const text = `Readers of “${this.current.title}” are told that the coverage has ended. Nothing more can be published; `
      + 'edits and deletions still work, and it can be reopened.';
    if ((await ask('Close this feed?', text, { close: 'Close it', keep: 'Keep it open' })) === 'close') await this.#status('closed');
  }

  async #status(status) {
    const tools = document.querySelector('.tools');
    say(tools, '');
    try {
      this.heard(await api('PATCH', `feeds/${this.current.slug}`, { body: { status }, patch: true, key: newKey() }));
      // The stream had ended with the feed; by itself it would look again after a minute only.
      if (status === 'open') this.onchoose(this.current);
    } catch (error) {
      say(tools, error.message, error.passing);
    }
  }

  #ask() {
    const form = this.dialog.querySelector('form');
    form.reset();
    clearProblem(form);
    form.dataset.key = newKey();
    form.elements.timezone.value = ownZone();
    this.dialog.showModal();
  }

  async #create(form) {
    clearProblem(form);
    const { slug, title, lang, timezone } = raw(form);
    try {
      const body = { slug: slug.trim(), title: title.trim() || null, lang: lang.trim() || 'en', timezone: timezone.trim() || 'UTC' };
      const feed = await api('POST', 'feeds', { body, key: form.dataset.key });
      this.#feeds = [...this.#feeds, feed].sort((a, b) => a.title.localeCompare(b.title));
      this.dialog.close();
      this.#choose(feed.slug);
    } catch (error) {
      // Without an answer, or after half of one, it may have been made: then the same key finds it.
      if (error.status >= 400 && error.status < 500) form.dataset.key = newKey();
      showProblem(form, error);
    }
  }
}
