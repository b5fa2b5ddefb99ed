/** Videos, shown when they are asked for: before the click nobody else hears of the reader. */
import { h } from './article.js';
import { fillIn } from './words.js';

/** Puts the player in place of the link. @param {HTMLElement} card */
export function play(card, words) {
  const [, youtube, vimeo] = /^(?:youtube:([\w-]{11})|vimeo:(\d+))$/.exec(card.dataset.video) ?? [];
  if (!youtube && !vimeo) return;
  const frame = h('iframe', {
    src: youtube
      ? `https://www.youtube-nocookie.com/embed/${youtube}?autoplay=1`
      : `https://player.vimeo.com/video/${vimeo}?autoplay=1&dnt=1`,
    title: fillIn(words.play, { site: youtube ? 'YouTube' : 'Vimeo' }),
    // The whole screen by its own attribute: named in both, browsers complain.
    allow: 'autoplay; picture-in-picture',
    allowfullscreen: '',
    // YouTube plays nothing for nobody.
    referrerpolicy: 'strict-origin-when-cross-origin',
  });
  card.replaceChildren(frame);
  frame.focus({ preventScroll: true });
}
