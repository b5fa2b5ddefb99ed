/** Bringing updates in from a file or an address: what would be added or changed is shown first, and done when that is confirmed. */
import { h } from '../ticker/article.js';
import { brief } from '../ticker/language.js';
import { api, newKey } from './api.js';
import { clearProblem, forgiveOnInput, say, showProblem } from './form.js';

/** A wire is fetched and read there before there is an answer. */
const TIMEOUT_MS = 120_000;

const KINDS = { added: 'New', changed: 'Changed' };

const updates = (count) => `${count.toLocaleString('en')} ${count === 1 ? 'update' : 'updates'}`;

function counts({ preview, added, changed, unchanged, refused }) {
  const parts = [[added, 'new'], [changed, 'changed'], [unchanged, 'unchanged'], [refused.length, 'refused']];
  const said = parts.filter(([count]) => count).map(([count, word]) => `${count.toLocaleString('en')} ${word}`).join(', ') || 'nothing in it';
  return `${preview ? 'It brings' : 'Imported'}: ${said}.`;
}

export class Importing {
  #feed = null;
  /** What was looked at, and what it is done under. @type {?{body?: object, file?: File, key: string}} */ #source = null;

  /** @param {HTMLDialogElement} dialog */
  constructor(dialog) {
    Object.assign(this, { dialog, form: dialog.querySelector('form'), result: dialog.querySelector('.result') });
    const { back, done, close } = this.form.elements;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.form.getAttribute('aria-busy') !== 'true') (this.#source ? this.#run() : this.#look());
    });
    back.addEventListener('click', () => this.#step('choose'));
    for (const button of [done, close]) button.addEventListener('click', () => dialog.close());
    forgiveOnInput(this.form);
  }

  open(feed) {
    this.#feed = feed;
    this.form.reset();
    this.dialog.querySelector('.about').textContent = feed.title;
    this.#step('choose');
    this.dialog.showModal();
  }

  /** @param {'choose' | 'look' | 'done'} step */
  #step(step) {
    if (step === 'choose') this.#source = null;
    clearProblem(this.form);
    for (const part of this.form.querySelectorAll('[data-step]')) part.hidden = !part.dataset.step.split(' ').includes(step);
    this.form.querySelector('.primary').textContent = 'Look at it first';
    if (step === 'choose') this.result.replaceChildren();
  }

  async #send(source, preview) {
    const { key, ...content } = source;
    const options = { ...content, ...(preview ? {} : { key }), timeout_ms: TIMEOUT_MS };
    this.form.setAttribute('aria-busy', 'true');
    clearProblem(this.form);
    try {
      return await api('POST', `feeds/${this.#feed.slug}/import${preview ? '?preview=1' : ''}`, options);
    } catch (error) {
      showProblem(this.form, error);
      return null;
    } finally {
      this.form.removeAttribute('aria-busy');
    }
  }

  async #look() {
    const { file, url } = this.form.elements;
    const chosen = file.files[0];
    const address = url.value.trim();
    if (!chosen && !address) return say(this.form, 'Choose a file, or give an address.');
    if (chosen && address) return say(this.form, 'A file or an address: not both at once.');
    const source = { ...(chosen ? { file: chosen } : { body: { url: address } }), key: newKey() };
    const report = await this.#send(source, true);
    if (!report) return;
    this.#step('look');
    this.#source = source;
    this.#show(report);
    const count = report.added + report.changed;
    const run = this.form.querySelector('.primary');
    run.hidden = !count;
    run.textContent = `Import ${updates(count)}`;
  }

  async #run() {
    const report = await this.#send(this.#source, false);
    if (!report) return;
    this.#step('done');
    this.#source = null;
    this.#show(report);
  }

  #show(report) {
    const heading = h('h3', { tabindex: '-1' }, counts(report));
    const more = report.added + report.changed - report.updates.length;
    this.result.replaceChildren(...[
      heading,
      report.updates.length && h('ul', { class: 'lines' }, ...report.updates.map((one) => this.#update(one)), more > 0 && h('li', { class: 'line hint' }, `and ${updates(more)} more`)),
      report.refused.length && h('h4', {}, 'Refused'),
      report.refused.length && h('ul', { class: 'lines' }, ...report.refused.map(({ entry, why }) =>
        h('li', { class: 'line' }, h('div', {}, h('p', {}, h('strong', {}, String(entry))), h('p', { class: 'hint' }, why))))),
    ].filter(Boolean));
    heading.focus();
  }

  #update({ kind, headline, time }) {
    return h('li', { class: 'line' },
      h('div', {}, h('p', { lang: this.#feed.lang, dir: 'auto' }, headline), h('p', { class: 'hint' }, time && brief(time, this.#feed))),
      h('span', { class: `label label-${kind}` }, KINDS[kind] ?? kind));
  }
}
