/** A question that waits for an answer. */
import { h } from '../ticker/article.js';

/**
 * @param {string} title @param {string} text @param {Record<string, string>} choices answer → words on its button; the first
 *   is the one that changes something
 * @returns {Promise<?string>} the answer; null: put away
 */
export function ask(title, text, choices) {
  const dialog = document.getElementById('ask');
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('p').textContent = text;
  const { promise, resolve } = withResolvers();
  const buttons = Object.entries(choices).map(([answer, words], index) => {
    const button = h('button', { type: 'button', class: index ? 'plain' : 'primary' }, words);
    button.addEventListener('click', () => dialog.close(answer));
    return button;
  });
  dialog.querySelector('.actions').replaceChildren(...buttons);
  dialog.returnValue = '';
  dialog.addEventListener('close', () => resolve(dialog.returnValue || null), { once: true });
  dialog.showModal();
  // Enter must not be the answer that changes something.
  buttons.at(-1).focus();
  return promise;
}

function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
