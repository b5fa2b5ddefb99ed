/** What a reader may choose, and the sound that can be chosen. */
import { h } from './article.js';

/**
 * A panel of choices, until it is closed.
 * @param {HTMLButtonElement} button
 * @param {{settings: {get(name: string): ?boolean, set(name: string, value: boolean): void}, signal?: AbortSignal}} options
 */
export function open(button, { words, settings, signal }) {
  if (button.ariaExpanded === 'true') return;
  const close = h('button', { type: 'button', class: 'close' }, words.close);
  const choices = [['announce', true], ['chime', false]].map(([name, usual]) => {
    const box = h('input', { type: 'checkbox', name });
    box.checked = settings.get(name) ?? usual;
    box.addEventListener('change', () => {
      settings.set(name, box.checked);
      if (name === 'chime' && box.checked) chime();
    });
    return h('label', {}, box, ' ', words[name]);
  });
  const panel = h('dialog', { class: 'panel', 'aria-label': words.options }, ...choices, close);
  panel.addEventListener('close', () => {
    panel.remove();
    button.ariaExpanded = 'false';
    button.focus();
  });
  panel.addEventListener('click', ({ target, clientX, clientY }) => {
    const { left, right, top, bottom } = panel.getBoundingClientRect();
    // A click beside it is one on it, too.
    const isBeside = clientX < left || clientX > right || clientY < top || clientY > bottom;
    if (target === close || (target === panel && isBeside)) panel.close();
  });
  signal?.addEventListener('abort', () => panel.close());
  (button.closest('.livefeed') ?? button.parentNode).append(panel);
  button.ariaExpanded = 'true';
  panel.showModal();
}

const REST_MS = 5000;
const LATE_MS = 1000;
let last = -Infinity;

/** A soft bell of two notes, not too often; silence where the browser wants none. */
export async function chime() {
  const asked = performance.now();
  if (asked - last < REST_MS || navigator.userActivation?.hasBeenActive === false) return;
  last = asked;
  try {
    const context = new AudioContext();
    setTimeout(() => context.close(), REST_MS);
    await context.resume();
    // A gesture long after must not ring for what was news then.
    if (performance.now() - asked > LATE_MS) return;
    for (const [after, frequency] of [[0, 784], [0.2, 1047]]) {
      const start = context.currentTime + after;
      const tone = new OscillatorNode(context, { frequency });
      const volume = new GainNode(context, { gain: 0.1 });
      volume.gain.setTargetAtTime(0, start, 0.4);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 2);
    }
  } catch {
    // No audio device, or none for us.
  }
}
