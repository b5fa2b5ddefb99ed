/** Making a feed, and its settings: the same fields. */
import { h } from '../ticker/article.js';
import { api, newKey } from './api.js';
import { clearProblem, forgiveOnInput, raw, setRaw, showProblem } from './form.js';
import { ownZone, zoneToday } from './here.js';

const EMPTY = { title: '', description: '', lang: 'en', hold_s: '5', origins: '*', listed: true, open: false };

const lines = (text) => text.split(/[\s,]+/).filter(Boolean);

/** The fields as the API takes them. */
function settings({ title, description, lang, timezone, hold_s, origins, listed }) {
  const seconds = hold_s.trim();
  return {
    title: title.trim() || null, description: description.trim() || null, lang: lang.trim() || 'en', timezone: timezone.trim() || 'UTC',
    hold_s: seconds && !Number.isNaN(Number(seconds)) ? Number(seconds) : seconds, origins: lines(origins), listed,
  };
}

const fieldsOf = (feed) => ({
  title: feed.title, description: feed.description ?? '', lang: feed.lang, timezone: feed.timezone, hold_s: String(feed.hold_s),
  origins: feed.origins.join('\n'), listed: feed.listed,
});

function listZones(datalist) {
  if (datalist.childElementCount) return;
  const zones = new Set(['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? []).map(zoneToday)]);
  datalist.append(...Array.from(zones, (value) => h('option', { value })));
}

export class FeedForm {
  /** As its settings were when the dialog opened; null: a new one. @type {?object} */ #feed = null;
  #key = '';

  /** @param {HTMLDialogElement} dialog @param {{oncreated: (feed: object) => void, onsaved: (feed: object) => void}} options */
  constructor(dialog, { oncreated, onsaved }) {
    Object.assign(this, { dialog, oncreated, onsaved, form: dialog.querySelector('form') });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#save();
    });
    this.form.elements.cancel.addEventListener('click', () => dialog.close());
    forgiveOnInput(this.form);
  }

  /** @param {?object} [feed] whose settings; none: a new one */
  open(feed = null) {
    this.#feed = feed;
    this.#key = newKey();
    clearProblem(this.form);
    setRaw(this.form, feed ? fieldsOf(feed) : { slug: '', timezone: ownZone(), ...EMPTY });
    for (const part of this.form.querySelectorAll('[data-new]')) part.hidden = Boolean(feed);
    this.dialog.querySelector('h2').textContent = feed ? 'Settings' : 'New feed';
    this.form.querySelector('.primary').textContent = feed ? 'Save' : 'Create';
    listZones(this.dialog.querySelector('datalist'));
    this.dialog.showModal();
    this.form.elements[feed ? 'title' : 'slug'].focus();
  }

  async #save() {
    clearProblem(this.form);
    this.form.setAttribute('aria-busy', 'true');
    try {
      const feed = await (this.#feed ? this.#change() : this.#create());
      this.dialog.close();
      this[this.#feed ? 'onsaved' : 'oncreated'](feed);
    } catch (error) {
      // Without an answer, or after half of one, it may have been made: then the same key finds it.
      if (error.status >= 400 && error.status < 500) this.#key = newKey();
      showProblem(this.form, error);
    } finally {
      this.form.removeAttribute('aria-busy');
    }
  }

  #create() {
    const fields = raw(this.form);
    const body = { slug: fields.slug.trim(), ...settings(fields), status: fields.open ? 'open' : 'draft' };
    return api('POST', 'feeds', { body, key: this.#key });
  }

  /** Only what was changed here: what others set meanwhile stays. */
  #change() {
    const [before, now] = [settings(fieldsOf(this.#feed)), settings(raw(this.form))];
    const body = Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
    if (!Object.keys(body).length) return this.#feed;
    return api('PATCH', `feeds/${this.#feed.slug}`, { body, patch: true, key: this.#key });
  }
}
