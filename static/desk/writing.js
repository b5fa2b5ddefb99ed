/** Writing together: the form, what is on its way, what waits. One per feed that is shown; carries out what buttons and keys say. */
import { clock } from './clock.js';
import { says } from './content.js';
import { Draft } from './draft.js';
import { effect } from './effect.js';
import { FormActions } from './formactions.js';
import { ItemActions } from './itemactions.js';
import { ItemRows } from './itemrows.js';
import { nameOf, secondsTo } from './itemrow.js';
import { Items } from './items.js';
import { Outbox } from './outbox.js';
import { presence } from './presence.js';
import { announce } from './saying.js';
import { Sent } from './sent.js';

/** As the lists want it, of what only this computer has. */
const asItem = ({ draft, doing }) => {
  const now = new Date().toISOString();
  const state = { publish: 'going', submit: 'submitted', schedule: 'scheduled' }[doing] ?? 'draft';
  return { id: draft.id, rev: 0, state, by: draft.by, changed_by: draft.by, created: now, changed: now, note: null, due: null, content: draft.content };
};

export class Writing {
  #closed = false;

  /**
   * @param {object} feed @param {{name: string, role: string}} me
   * @param {{compose: import('./compose.js').Compose, onpublished: (update: object) => void, ondeleted: (id: string) => void, onstatus: (name: string, detail: object) => void, onrevoked: () => void}} options
   */
  constructor(feed, me, options) {
    Object.assign(this, { feed, me, ...options, editor: me.role !== 'contributor' });
    this.outbox = new Outbox({
      feed: feed.slug, by: me.name,
      onchange: () => this.render(),
      ondone: (answer, draft, doing) => this.done(answer, doing, draft.fields),
      onback: (draft, error) => this.#back(draft, error),
    });
    this.items = new Items(feed.slug, {
      onchange: (changes) => this.#heard(changes),
      onpeople: (people) => presence.hear(people),
      onstatus: options.onstatus, onrevoked: options.onrevoked,
    });
    this.form = new FormActions(this);
    this.actions = new ItemActions(this);
    this.sent = new Sent(document.getElementById('sent'), this);
    this.rows = new ItemRows({ feed, me: me.name, editor: this.editor, onact: (...act) => this.actions.act(...act) });
  }

  async start() {
    presence.at(this.feed.slug);
    this.items.start();
    await this.compose.use(this.feed, this.me.name);
    if (!this.#closed) await this.outbox.resume();
  }

  close() {
    this.#closed = true;
    this.items.close();
    this.outbox.close();
    this.rows.close();
    this.sent.close();
  }

  /** The feed itself changed. */
  renew(feed) {
    this.feed = this.rows.feed = feed;
    this.render();
  }

  render() {
    if (this.#closed) return;
    const { outbox, items, compose, actions } = this;
    const own = new Map(outbox.entries.map((entry) => [entry.draft.id, entry]));
    const open = compose.draft?.id;
    const listed = ['going', 'submitted', 'draft', 'scheduled'].flatMap((state) => items.of(state))
      .filter((item) => !(item.id === open && item.state === 'draft') && !own.has(item.id));
    const local = [...own.values()].map((entry) => ({ item: asItem(entry), doing: entry.doing, error: actions.errors.get(entry.draft.id) ?? entry.draft.error }));
    const all = [...local, ...listed.map((item) => ({ item, error: actions.errors.get(item.id) }))];
    this.rows.render({ items: all.sort((a, b) => Number(b.item.by === this.me.name) - Number(a.item.by === this.me.name)) });
  }

  /** An answer: an item, or the update that it became. @param {object} answer @param {string} doing */
  done(answer, doing) {
    if (this.#closed) return;
    if ('state' in answer) this.items.tell(answer);
    if (answer.state === 'going') {
      effect.pressed(answer.id, clock.here(answer.due) - Date.now());
      this.sent.watch(answer);
      announce(`Going out in ${secondsTo(answer.due)} seconds`);
    } else if (doing === 'submit') announce('Submitted for review');
    else if (doing === 'schedule') announce('Scheduled');
    else if (!('state' in answer)) {
      this.items.untell(answer.id, true);
      this.onpublished(answer);
      this.sent.tell(answer.id, answer.headline);
    }
  }

  /** It did not go out: into the form again, or beside it if something else is there by now. */
  #back(draft, error) {
    if (this.compose.isBlank) {
      this.compose.open(draft);
      this.compose.fail(error);
      draft.save().catch(() => {});
    } else {
      // Said so that it stays true when the server is back.
      const why = new Error(`Not sent. ${error.message}`);
      this.actions.errors.set(draft.id, why);
      this.outbox.save(draft);
      announce(why.message);
    }
  }

  /** @param {?object[]} changes null: a new list */
  #heard(changes) {
    for (const { op, id, published } of changes ?? []) if (op === 'item-delete' && published) this.sent.out(id);
    this.#follow(changes);
    this.render();
  }

  /** What the form holds was changed elsewhere. */
  #follow(changes) {
    const { draft } = this.compose;
    if (!draft) return;
    const item = this.items.get(draft.id);
    if (item?.state === 'going') {
      if (says(draft.content, item.content)) this.#lose(draft, `“${nameOf(item)}” is going out`);
      else draft.move(`${item.changed_by} is publishing this text. What you changed since is a draft of its own now.`);
    } else if (item) draft.hear(item);
    else if (changes ? changes.some(({ op, id }) => op === 'item-delete' && id === draft.id) : draft.rev) draft.check();
  }

  #lose(draft, why) {
    draft.forget();
    draft.close();
    this.compose.leave();
    announce(why);
  }

  /** A timeline that was pasted. @param {{time: Date, text: string}[]} entries */
  async drafts(entries, fields) {
    const drafts = entries.map((entry) => new Draft({ feed: this.feed.slug, by: this.me.name, fields: fields(entry) }));
    announce(`${drafts.length} drafts`);
    for (const draft of drafts) await this.outbox.save(draft);
  }
}
