/** Which feed the desk works on, and what can be done with it. */
import { h } from '../ticker/article.js';
import { api, updatePath } from './api.js';
import { FeedForm } from './feedform.js';
import { FeedList } from './feedlist.js';
import { Removal, changeStatus } from './feedstate.js';
import { say } from './form.js';
import { Importing } from './importing.js';
import { keep, kept } from './keep.js';
import { linkedFeed } from './link.js';
import { menu } from './menu.js';
import { readers } from './readers.js';
import { Story } from './story.js';

const element = (id) => document.getElementById(id);

/** So many feeds are asked for what is newest in them. */
const LOOKED_AT = 12;

const byTitle = (a, b) => a.title.localeCompare(b.title);

export class Feeds {
  /** @type {object[]} */ #feeds = [];
  /** @type {?object} */ current = null;
  #me = null;

  /** @param {{site: string, onchoose: (feed: ?object) => void, onstate: (feed: object) => void}} options */
  constructor({ site, onchoose, onstate }) {
    Object.assign(this, { site, onchoose, onstate, select: element('feed'), tools: document.querySelector('.tools') });
    this.select.addEventListener('change', () => this.#choose(this.select.value));
    this.form = new FeedForm(element('feedform'), { oncreated: (feed) => this.#made(feed), onsaved: (feed) => this.heard(feed) });
    this.removal = new Removal(element('removefeed'), (slug) => this.#removed(slug));
    this.list = new FeedList(element('feedlist'), { feeds: () => this.#feeds, onchoose: (slug) => this.#choose(slug) });
    this.importing = new Importing(element('importing'));
    this.story = new Story(element('storytext'));
    menu(element('feedmenu'));
    const clicks = {
      create: () => this.form.open(), settings: () => this.form.open(this.current), remove: () => this.removal.open(this.current),
      import: () => this.importing.open(this.current), story: () => this.story.open(this.current),
      allfeeds: () => this.#all(), publishfeed: () => this.#step('open'), close: () => this.#step('closed'), reopen: () => this.#step('reopened'),
    };
    for (const [id, act] of Object.entries(clicks)) element(id).addEventListener('click', act);
    readers.addEventListener('change', () => this.#count());
  }

  get all() {
    return this.#feeds;
  }

  /** @param {{role: string, feeds: ?string[]}} me */
  async load(me) {
    this.#me = me;
    await this.#fetch();
    element('create').hidden = me.role !== 'admin' || me.feeds != null;
    readers.start();
    const before = linkedFeed() ?? this.current?.slug ?? kept('feed');
    this.#choose(this.#known(({ slug }) => slug === before) ?? await this.#busiest() ?? this.#known(() => true));
  }

  /** The open one that was published to last, for who is here for the first time. */
  async #busiest() {
    const open = this.#feeds.filter(({ status }) => status === 'open');
    if (open.length < 2) return open[0]?.slug;
    const newest = async ({ slug }) => ({ slug, at: (await api('GET', `${updatePath(slug)}?limit=1`)).updates[0]?.published ?? '' });
    const answers = await Promise.allSettled(open.slice(0, LOOKED_AT).map(newest));
    const found = answers.map(({ value }) => value).filter(Boolean);
    return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))[0]?.slug ?? open[0].slug;
  }

  async #fetch() {
    const { feeds } = await api('GET', 'feeds?all=1');
    this.#feeds = feeds.filter(({ slug }) => !this.#me.feeds || this.#me.feeds.includes(slug));
  }

  #known(accepted) {
    return this.#feeds.find(accepted)?.slug;
  }

  /** What the stream says of the feed that is shown. @param {object} feed */
  heard(feed) {
    if (feed.slug !== this.current?.slug || JSON.stringify(feed) === JSON.stringify(this.current)) return;
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
    element('feedmenu-button').hidden = !feed;
    element('nofeed').hidden = Boolean(feed);
    if (!feed) return;
    this.select.value = feed.slug;
    const [isAdmin, isEditor] = [this.#me.role === 'admin', this.#me.role !== 'contributor'];
    const offered = {
      settings: isAdmin, remove: isAdmin, publishfeed: isAdmin && feed.status === 'draft', close: isAdmin && feed.status === 'open',
      reopen: isAdmin && feed.status === 'closed', open: feed.status !== 'draft', embed: feed.status !== 'draft', import: isEditor, export: isEditor, story: isEditor,
    };
    for (const [id, isOffered] of Object.entries(offered)) element(id).hidden = !isOffered;
    element('export').href = `/v1/feeds/${feed.slug}/export`;
    element('open').href = `${this.site}/feeds/${feed.slug}`;
    element('embed').href = `${this.site}/embed?feed=${feed.slug}`;
    this.#count();
  }

  #count() {
    element('readers').textContent = this.current ? readers.words(this.current.slug) : '';
  }

  /** @param {() => Promise<void>} action whose problems are said beside the tools */
  async #try(action) {
    say(this.tools, '');
    try {
      await action();
    } catch (error) {
      say(this.tools, error.message, error.passing);
    }
  }

  #all() {
    return this.#try(async () => {
      await this.#fetch();
      this.#show();
      this.list.open();
    });
  }

  #step(step) {
    return this.#try(async () => {
      const feed = await changeStatus(this.current, step);
      if (!feed) return;
      this.heard(feed);
      // The stream had ended with the feed; by itself it would look again after a minute only.
      if (feed.status === 'open') this.onchoose(this.current);
    });
  }

  #made(feed) {
    this.#feeds = [...this.#feeds.filter(({ slug }) => slug !== feed.slug), feed].sort(byTitle);
    this.#choose(feed.slug);
  }

  #removed(slug) {
    this.#feeds = this.#feeds.filter((one) => one.slug !== slug);
    this.#choose(this.#known(({ status }) => status === 'open') ?? this.#known(() => true));
  }
}
