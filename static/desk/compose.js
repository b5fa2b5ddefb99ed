/** The compose form: one text at a time, kept with every keystroke; what leaves it goes on in the outbox, and the form is free at once. */
import { claim, remember, remembered } from './claim.js';
import { isBlank, recordName } from './content.js';
import { Draft } from './draft.js';
import { BLANK, EMPTY, clearProblem, forgiveOnInput, raw, say, sendOnCtrlEnter, setRaw, showProblem, tooLong } from './form.js';
import { keep, kept, keptNames } from './keep.js';
import { presence } from './presence.js';
import { announce } from './saying.js';

const RELOAD_MS = 1000;
const SAYS = { kept: 'Kept on this computer', denied: 'This browser keeps nothing: saving…', saving: 'Saving…', saved: 'Saved as a draft', failed: 'Kept on this computer' };
const STATES = {
  draft: 'is a draft.',
  submitted: 'waits for review. What you change stays here until you save, publish or return it.',
  scheduled: 'is scheduled, and goes out as it was unless you save what you change.',
};

export class Compose {
  /** @type {?Draft} */ draft = null;
  /** Of tools.js. */ tools = { check: () => true };
  /** @type {?{slug: string, status: string}} */ #feed = null;
  #by = '';
  #release = () => {};

  /** @param {HTMLFormElement} form @param {{onact: (act: string) => void, onchange: () => void}} hooks `onact`: what a button is called */
  constructor(form, hooks) {
    Object.assign(this, { form, hooks, note: form.querySelector('.kept'), context: form.querySelector('.context') });
    form.addEventListener('input', () => this.#typed());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      hooks.onact('send');
    });
    form.addEventListener('click', ({ target }) => {
      const act = target.closest('[data-act]')?.dataset.act;
      if (act) hooks.onact(act);
    });
    forgiveOnInput(form);
    sendOnCtrlEnter(form);
  }

  /** A contributor submits what an editor publishes. @param {boolean} editor */
  shape(editor) {
    const [send] = this.form.querySelectorAll('.primary');
    this.editor = editor;
    send.textContent = editor ? 'Publish' : 'Submit for review';
    send.dataset.for = editor ? 'draft submitted scheduled' : 'draft';
    this.#show();
  }

  get isBlank() {
    return isBlank(raw(this.form));
  }

  /** Another feed or another person: with what was being written there. @param {{slug: string}} feed @param {string} by */
  async use(feed, by) {
    const { draft: before } = this;
    const { slug } = feed;
    const last = remembered(slug);
    this.#put(null);
    before?.save().catch(() => {}).finally(() => before.close({ goOn: true }));
    this.#feed = feed;
    this.#by = by;
    for (const record of this.#leftovers(slug, last)) {
      const release = await claim(record.id, { wait_ms: record.id === last ? RELOAD_MS : 0, at: record.at });
      if (!release) continue;
      if (slug === this.#feed?.slug && !this.draft) this.open(new Draft(record), { focus: false });
      return release();
    }
  }

  /** What was open in this tab, then what was left by one that is gone. */
  #leftovers(slug, last) {
    const records = keptNames(recordName(slug, '')).map(kept).filter((record) => record?.by === this.#by && !isBlank(record.fields));
    return records.sort((a, b) => Number(b.id === last) - Number(a.id === last) || b.at - a.at);
  }

  /** @param {Draft} draft @param {{focus?: boolean}} [options] */
  open(draft, { focus = true } = {}) {
    this.#put(draft);
    setRaw(this.form, draft.fields);
    draft.wake();
    if (focus) this.focus();
  }

  focus() {
    this.form.elements.text.focus();
  }

  /** Free for the next one. @returns {?Draft} what was written */
  leave() {
    const { draft } = this;
    if (draft) remember(draft.feed, '');
    this.#put(null);
    return draft;
  }

  /** Begin with these fields, of a text that has no place any more. @param {Record<string, string | boolean>} fields */
  take({ correction, minor, ...fields }) {
    const text = [this.form.elements.text.value, fields.text].filter(Boolean).join('\n\n');
    const title = this.form.elements.title.value || fields.title;
    clearProblem(this.form);
    setRaw(this.form, { ...fields, text, title, time: this.form.elements.time.value });
    this.#typed();
    this.focus();
  }

  /** @returns {boolean} whether there is something to publish; says so if not */
  check() {
    clearProblem(this.form);
    const { text } = raw(this.form);
    const problem = text.trim() ? tooLong(text) : EMPTY;
    if (problem) showProblem(this.form, problem);
    return !problem && this.tools.check();
  }

  /** It was not done: that stays true when the server is back. */
  fail({ message, fields = [] }) {
    showProblem(this.form, { message: `Not sent. ${message}`, fields });
  }

  say(text) {
    say(this.form, text);
  }

  #put(draft) {
    if (this.draft) this.draft.hooks = {};
    this.#release();
    this.draft = draft;
    clearProblem(this.form);
    if (draft) this.#hold(draft);
    else setRaw(this.form, { ...BLANK, author: kept('author') ?? '' });
    this.#show();
    this.hooks.onchange();
  }

  #hold(draft) {
    const { feed, id } = draft;
    remember(feed, id);
    presence.edit(id);
    let isHeld = true;
    let release = () => {};
    claim(id).then((lock) => (isHeld ? (release = lock ?? release) : lock?.()));
    this.#release = () => {
      isHeld = false;
      presence.edit(id, false);
      release();
    };
    draft.hooks = {
      onstatus: () => this.#show(),
      onfields: (by, names) => {
        this.#take(draft.fields);
        this.say(`${by} changed this text as well (${names.join(', ')}): it is taken over.`);
      },
      onmoved: (why) => {
        this.#release();
        this.#hold(draft);
        if (why) this.say(why);
        this.hooks.onchange();
      },
      onover: (update) => {
        this.leave();
        if (update) announce('What you wrote is published');
      },
    };
  }

  /** The caret stays where it is. */
  #take(fields) {
    const { text } = this.form.elements;
    const { selectionStart, selectionEnd } = text;
    setRaw(this.form, fields);
    if (document.activeElement === text) text.setSelectionRange(selectionStart, selectionEnd);
  }

  #typed() {
    const fields = raw(this.form);
    keep('author', fields.author);
    if (!this.draft) {
      if (isBlank(fields) || !this.#feed) return;
      this.draft = new Draft({ feed: this.#feed.slug, by: this.#by, fields });
      this.#hold(this.draft);
      this.hooks.onchange();
    }
    this.draft.type(fields);
    this.hooks.onchange();
  }

  #show() {
    const { draft } = this;
    const { status = '', error, state = 'draft' } = draft ?? {};
    for (const button of this.form.querySelectorAll('[data-for]')) {
      const never = !this.editor && ['submit', 'schedule', 'return'].includes(button.dataset.act);
      button.hidden = never || !button.dataset.for.includes(state);
    }
    const waits = error && !error.fields?.length ? `${SAYS.failed}; not on the server yet. ${error.message}` : error && `${SAYS.failed}. ${error.message}`;
    this.note.textContent = status === 'failed' ? waits : state === 'draft' ? SAYS[status] ?? '' : draft.isDirty ? 'Not saved yet; kept on this computer' : '';
    this.note.dataset.status = status;
    if (status === 'failed' && error.fields?.length) showProblem(this.form, error, { focus: false });
    this.context.hidden = !draft || (state === 'draft' && !draft.theirs);
    if (!this.context.hidden) this.context.textContent = `${draft.theirs ? `This text by ${draft.theirs}` : 'This text'} ${STATES[state]}`;
  }
}
