/** Signing in: the token buys a session's cookie, which no script can read, and is forgotten. */
import { api } from './api.js';
import { clearProblem, say } from './form.js';

export class SignIn {
  /** @param {HTMLDialogElement} dialog @param {(me: object) => void} onsignedin */
  constructor(dialog, onsignedin) {
    Object.assign(this, { dialog, onsignedin, form: dialog.querySelector('form') });
    // There is nothing behind it to go back to.
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** @param {string} [why] */
  open(why = '') {
    if (!this.dialog.open) this.dialog.showModal();
    say(this.form, why);
  }

  async #send() {
    const { token } = this.form.elements;
    clearProblem(this.form);
    if (!token.value.trim()) return say(this.form, 'Enter your token.');
    try {
      const me = await api('POST', 'session', { body: { token: token.value.trim() } });
      token.value = '';
      this.dialog.close();
      this.onsignedin(me);
    } catch (error) {
      say(this.form, error.message, error.passing);
      token.select();
    }
  }
}
