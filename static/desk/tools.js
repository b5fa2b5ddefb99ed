/** What a form made of the page's fields can do beside being filled: toolbar, pasting, tags, preview, and how long the text may be. */
import { MOST, payload, raw } from './form.js';
import { imageField } from './images.js';
import { keep, kept } from './keep.js';
import { equipPaste } from './paste.js';
import { Preview } from './preview.js';
import { Tags } from './tags.js';
import { equipToolbar } from './toolbar.js';

const NEAR = 18_000;

/** Says how much is too much, before it is sent. */
function count(form) {
  const note = form.querySelector('.length');
  const { length } = form.elements.text.value;
  note.hidden = length < NEAR;
  note.classList.toggle('is-over', length > MOST);
  const text = length > MOST ? `${length.toLocaleString('en')} characters: an update holds ${MOST.toLocaleString('en')}. Nothing is lost; split it.`
    : `${(MOST - length).toLocaleString('en')} characters are left`;
  if (!note.hidden && note.textContent !== text) note.textContent = text;
}

/** What is folded away is told in its summary. */
function folded(form) {
  const details = form.querySelector('.more');
  const { author, tags, time, link } = form.elements;
  const parts = [author.value, tags.value.replace(/,\s*$/, ''), time.value && 'time set', link.value && 'link'].filter((part) => part?.trim());
  details.querySelector('.filled').textContent = details.open ? '' : parts.join(' · ');
}

/** The field for a picture stands before the hidden one that is kept and sent. */
function equipPicture(form) {
  const hidden = form.elements.image;
  const json = () => (field.value ? JSON.stringify(field.value) : '');
  const field = imageField(form.querySelector('.picture'), {
    oninput() {
      hidden.value = json();
      hidden.dispatchEvent(new Event('input', { bubbles: true }));
    },
  });
  form.addEventListener('fill', () => {
    if (hidden.value !== json()) field.value = hidden.value ? JSON.parse(hidden.value) : null;
  });
  return field;
}

/**
 * @param {HTMLFormElement} form
 * @param {{feed: () => ?object, ondrafts?: (entries: {time: Date, text: string}[]) => void}} options `ondrafts`: where a timeline goes
 * @returns {{check: () => boolean}} whether the picture can be sent as it is; says why not
 */
export function equip(form, { feed, ondrafts }) {
  const preview = new Preview(form.querySelector('.preview'), () => feed() && { feed: feed(), content: payload(raw(form)) });
  const more = form.querySelector('.more');
  more.open = kept('more') ?? matchMedia('(min-width: 40rem)').matches;
  more.querySelector('summary').addEventListener('click', () => keep('more', !more.open));
  more.addEventListener('toggle', () => folded(form));
  const field = equipPicture(form);
  equipToolbar(form);
  equipPaste(form.elements.text, ondrafts);
  new Tags(form.elements.tags, () => feed()?.slug);
  const changed = () => {
    preview.changed();
    count(form);
    folded(form);
  };
  form.addEventListener('input', changed);
  form.addEventListener('fill', changed);
  changed();
  return { check: () => field.check() };
}
