/**
 * The way in by an invite. Its secret stands behind the #, where no server sees it, and it is spent by a press of the button, never by
 * opening the link: scanners of mail and previews in chats open links too.
 */
import { api } from './api.js';
import { say } from './form.js';

const MISSING = 'This address is not the whole link: what follows # is missing. Open the link as you were given it, or ask for a new one.';
const SPENT = 'This invite was used already, was withdrawn, or is older than a day. Ask who gave it to you for a new one.';

export class Join {
  #sending = false;

  /** @param {HTMLDialogElement} dialog @param {(me: ?object) => void} ondone null: rather sign in in another way */
  constructor(dialog, ondone) {
    Object.assign(this, { dialog, ondone, invite: location.hash.slice(1), form: dialog.querySelector('form') });
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.invite) this.#spend();
    });
    this.form.elements.other.addEventListener('click', () => this.#leave(null));
    this.form.elements.stay.addEventListener('click', () => this.#leave(this.me));
  }

  /** Whether this address is one of an invite's. */
  static get isWanted() {
    return location.pathname.endsWith('/join');
  }

  async open() {
    const { other, stay } = this.form.elements;
    this.form.querySelector('.primary').hidden = !this.invite;
    if (!this.invite) say(this.form, MISSING);
    this.dialog.showModal();
    // Who is in already has perhaps only opened the old link again.
    this.me = await api('GET', 'session').catch(() => null);
    if (!this.me || !this.dialog.open) return;
    stay.textContent = `Go on as ${this.me.name}`;
    stay.hidden = false;
    other.hidden = true;
  }

  async #spend() {
    if (this.#sending) return;
    this.#busy(true);
    say(this.form, '');
    try {
      this.#leave(await api('POST', 'join', { body: { invite: this.invite } }));
    } catch (error) {
      if (error.status === 401) this.form.querySelector('.primary').hidden = true;
      say(this.form, error.status === 401 ? SPENT : error.message, error.passing);
    } finally {
      this.#busy(false);
    }
  }

  #busy(sending) {
    this.#sending = sending;
    this.form.setAttribute('aria-busy', String(sending));
  }

  #leave(me) {
    history.replaceState(null, '', '/desk');
    this.dialog.close();
    this.ondone(me);
  }
}
