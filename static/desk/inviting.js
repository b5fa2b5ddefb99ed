/** An invite is a link that lets one person in, once, within a day. It is shown once. */
import { h } from '../ticker/article.js';
import { brief } from '../ticker/language.js';
import { api } from './api.js';
import { offerCopy } from './copying.js';
import { clearProblem, forgiveOnInput, showProblem } from './form.js';
import { HERE } from './here.js';

export class Inviting {
  /** @param {HTMLFormElement} form @param {{feeds: () => object[], oninvited: () => void}} options */
  constructor(form, { feeds, oninvited }) {
    Object.assign(this, { form, feeds, oninvited, made: form.querySelector('.made') });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    forgiveOnInput(form);
    offerCopy(this.made);
  }

  /** @param {{feeds: ?string[]}} me who invites for no more than they have */
  reset(me) {
    this.form.reset();
    clearProblem(this.form);
    this.made.hidden = true;
    this.made.querySelector('input').value = '';
    const boxes = this.feeds().map(({ slug, title }) => h('label', { class: 'check' },
      h('input', { type: 'checkbox', 'data-feed': slug, checked: me.feeds ? '' : null }), ' ', title));
    this.form.querySelector('.pick').replaceChildren(...boxes);
  }

  async #send() {
    clearProblem(this.form);
    const { name, role } = this.form.elements;
    const feeds = [...this.form.querySelectorAll('[data-feed]:checked')].map(({ dataset }) => dataset.feed);
    const body = { name: name.value.trim(), role: role.value, feeds: feeds.length ? feeds : null };
    try {
      this.#show(await api('POST', 'invites', { body }), body);
    } catch (error) {
      showProblem(this.form, error);
    }
  }

  #show({ url, name, role, feeds, until }, asked) {
    const stays = role === asked.role && String(feeds) === String(asked.feeds) ? '' : ` ${name} is in already and stays what they are: to change role or feeds, revoke them first.`;
    this.form.elements.name.value = '';
    const link = this.made.querySelector('input');
    link.value = url;
    this.made.querySelector('.copied').textContent = '';
    this.made.querySelector('.for').textContent = `For ${name}, ${role}. It works once, until ${brief(until, HERE)}, and is not shown again.${stays}`;
    this.made.hidden = false;
    link.focus();
    link.select();
    this.oninvited();
  }
}
