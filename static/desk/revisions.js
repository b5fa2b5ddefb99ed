/** What an update was before: its versions, and what each changed, word by word. */
import { h } from '../ticker/article.js';
import { brief, full } from '../ticker/language.js';
import { api, updatePath } from './api.js';
import { amount, differences } from './diffview.js';
import { fieldName, fieldOf, readable } from './fields.js';
import { rawOf, say } from './form.js';

/** The fields that differ, in their order; the text always. @returns {[string, string, string][]} name, before, after */
function changes(before, after) {
  const [old, now] = [rawOf(before), rawOf(after)];
  const names = new Set(Object.keys(now).map(fieldOf));
  const all = [...names].map((name) => [name, readable(name, old), readable(name, now)]);
  return all.filter(([name, was, is]) => name === 'text' || was !== is);
}

/** When, as far as is known: small changes are not dated. */
function when(revisions, at) {
  const [now, before] = [revisions[at], revisions[at - 1]];
  if (!before) return now.published;
  return now.edited !== before.edited ? now.edited : null;
}

function summary(revisions, at) {
  if (!at) return 'first version';
  const names = changes(revisions[at - 1], revisions[at]).filter(([, old, now]) => old !== now).map(([name]) => fieldName(name));
  return names.join(', ') || 'nothing that is seen';
}

function part(feed, [name, before, after]) {
  return [h('h3', {}, fieldName(name)), differences(before, after, feed.lang)];
}

class Dialog {
  constructor(feed, update, onreuse) {
    Object.assign(this, { feed, update, dialog: document.getElementById('revisions') });
    this.list = this.dialog.querySelector('.versions');
    this.list.replaceChildren();
    this.dialog.querySelector('.changes').replaceChildren();
    this.dialog.querySelector('.about').textContent = update.headline;
    const [reuse, close] = ['reuse', 'close'].map((name) => this.dialog.querySelector(`[name="${name}"]`));
    reuse.hidden = true;
    reuse.onclick = () => {
      this.dialog.close();
      onreuse(rawOf(this.revisions[this.at]));
    };
    close.onclick = () => this.dialog.close();
    this.reuse = reuse;
  }

  async open() {
    say(this.dialog, '');
    this.dialog.showModal();
    try {
      ({ revisions: this.revisions } = await api('GET', `${updatePath(this.feed.slug, this.update.id)}/revisions`));
      this.#fill();
    } catch (error) {
      say(this.dialog, error.message, error.passing);
    }
  }

  #fill() {
    const last = this.revisions.length - 1;
    this.list.append(...this.revisions.map((revision, at) => this.#version(revision, at, at === last)).reverse());
    this.#show(last);
    this.list.querySelector('button').focus();
  }

  #version(revision, at, isLast) {
    const time = when(this.revisions, at);
    const by = revision.author && `, ${revision.author}`;
    const button = h('button', { type: 'button', 'data-at': at },
      h('strong', {}, `Version ${revision.rev}${isLast ? ', now' : ''}`),
      h('span', { class: 'hint' }, time ? h('time', { datetime: time, title: full(time, this.feed) }, brief(time, this.feed)) : 'not dated', by),
      h('span', { class: 'what' }, summary(this.revisions, at)));
    button.addEventListener('click', () => this.#show(at));
    return h('li', {}, button);
  }

  #show(at) {
    this.at = at;
    for (const button of this.list.querySelectorAll('button')) button.setAttribute('aria-pressed', String(Number(button.dataset.at) === at));
    const [before, after] = [this.revisions[at - 1], this.revisions[at]];
    const found = at ? changes(before, after) : [['text', after.text, after.text]];
    this.dialog.querySelector('.changes').replaceChildren(...found.flatMap((one) => part(this.feed, one)));
    this.dialog.querySelector('[role="status"]').textContent = at
      ? `Version ${after.rev} against the one before: ${amount(before.text, after.text)} in the text.`
      : 'The first version, as it was published.';
    this.reuse.hidden = at === this.revisions.length - 1;
  }
}

/** @param {object} feed @param {object} update @param {(fields: object) => void} onreuse begin an edit with an earlier version's fields */
export function openRevisions(feed, update, onreuse) {
  return new Dialog(feed, update, onreuse).open();
}
