/** Who is in and who may come in: your sessions; for admins everybody's, with tokens and invites. */
import { h } from '../ticker/article.js';
import { brief, full } from '../ticker/language.js';
import { browserName } from './agent.js';
import { api, newKey } from './api.js';
import { ask } from './ask.js';
import { say } from './form.js';
import { HERE } from './here.js';
import { Inviting } from './inviting.js';

const at = (time) => h('time', { datetime: time, title: full(time, HERE) }, brief(time, HERE));
const used = (time) => (time ? ['used ', at(time)] : ['not used yet']);
const role = (name) => h('span', { class: 'label' }, name);
const scope = (feeds) => (feeds ? `only ${feeds.join(', ')}` : 'all feeds');

function line(main, about, label, name, act) {
  const button = label && h('button', { type: 'button', class: 'plain', 'aria-label': `${label}: ${name}` }, label);
  if (button) button.addEventListener('click', act);
  return h('li', { class: 'line' }, h('div', {}, h('p', {}, ...main), h('p', { class: 'hint' }, ...about)), button);
}

export class People {
  /** @type {?object} */ #me = null;

  /** @param {HTMLDialogElement} dialog @param {{feeds: () => object[]}} options the feeds that one may be invited for */
  constructor(dialog, { feeds }) {
    this.dialog = dialog;
    this.inviting = new Inviting(dialog.querySelector('form'), { feeds, oninvited: () => this.#load() });
    dialog.querySelector('[name="close"]').addEventListener('click', () => dialog.close());
  }

  /** @param {object} me */
  open(me) {
    this.#me = me;
    const isAdmin = me.role === 'admin';
    for (const part of this.dialog.querySelectorAll('[data-admin]')) part.hidden = !isAdmin;
    this.dialog.querySelector('h2').textContent = isAdmin ? 'People' : 'Your sessions';
    this.inviting.reset(me);
    this.#list('sessions', []);
    this.dialog.showModal();
    return this.#load();
  }

  #list(name, items, none = '') {
    const list = this.dialog.querySelector(`[data-list="${name}"]`);
    list.replaceChildren(...items);
    list.nextElementSibling.textContent = items.length ? '' : none;
  }

  async #load() {
    try {
      const wanted = this.#me.role === 'admin' ? ['sessions', 'tokens', 'invites'] : ['sessions'];
      const [{ sessions }, { tokens } = {}, { invites } = {}] = await Promise.all(wanted.map((name) => api('GET', name)));
      this.#list('sessions', sessions.map((one) => this.#session(one)), 'No sessions.');
      if (tokens) this.#list('tokens', tokens.map((one) => this.#token(one)), 'No tokens.');
      if (invites) this.#list('invites', invites.map((one) => this.#invite(one)), 'No invite is waiting to be used.');
    } catch (error) {
      this.#say(error);
    }
  }

  #session({ id, name, role: may, began, used: last, agent, current }) {
    const device = browserName(agent);
    const whose = name === this.#me.name ? [h('strong', {}, device)] : [h('strong', {}, name), ' ', role(may), ' ', device];
    return line([...whose, ' ', current && h('span', { class: 'label label-open' }, 'this one')].filter(Boolean), ['since ', at(began), ' · ', ...used(last)],
      !current && 'End', `${name}, ${device}`, () => this.#act(
        ['End this session?', `${name} on ${device} is signed out within 5 seconds. What is typed there stays on that device.`, 'End it'],
        `sessions/${encodeURIComponent(id)}`));
  }

  #token({ name, role: may, feeds, created, used: last }) {
    const isOwn = name === this.#me.name;
    const about = `“${name}” and every session of theirs is signed out within 5 seconds, and cannot come in again without a new invite or token.`;
    return line([h('strong', {}, name), ' ', role(may), isOwn && ' (you)'].filter(Boolean), [`${scope(feeds)} · since `, at(created), ' · ', ...used(last)],
      'Revoke', name, () => this.#act(
        [isOwn ? 'Revoke your own way in?' : `Revoke ${name}?`, about, 'Revoke'], `tokens/${encodeURIComponent(name)}`));
  }

  #invite({ name, role: may, feeds, until }) {
    return line([h('strong', {}, name), ' ', role(may)], [`${scope(feeds)} · until `, at(until)], 'Withdraw', name, () => this.#act(
      ['Withdraw this invite?', `The link that was made for ${name} lets nobody in any more.`, 'Withdraw'], `invites/${encodeURIComponent(name)}`));
  }

  async #act([title, words, yes], path) {
    if ((await ask(title, words, { yes, no: 'Keep' })) !== 'yes') return;
    say(this.dialog, '');
    try {
      await api('DELETE', path, { key: newKey() });
    } catch (error) {
      if (error.status !== 404) return this.#say(error); // else somebody else was faster
    }
    await this.#load();
    this.dialog.querySelector('h2').focus();
  }

  #say(error) {
    say(this.dialog, error.message, error.passing);
  }
}
