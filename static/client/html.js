/** The one place where HTML from the server becomes nodes. It is sanitised there; a browser that can, checks again. */

/** Equal to the server's list (livefeed/core/markdown.py). */
const ELEMENTS = 'p br strong em b i s del code pre blockquote ul ol li h3 h4 hr table thead tbody tr th td';
const sanitizer = {
  elements: [
    ...ELEMENTS.split(' '),
    { name: 'a', attributes: ['href', 'rel'] },
    { name: 'img', attributes: ['src', 'alt', 'width', 'height'] },
  ],
  attributes: [],
  comments: false,
};

/** One for all copies of this module on a page: a second of that name may be refused. */
function policy() {
  const slot = Symbol.for('livefeed.policy');
  globalThis[slot] ??= globalThis.trustedTypes?.createPolicy('livefeed', { createHTML: (html) => html });
  return globalThis[slot] ?? { createHTML: (html) => html };
}

/** Nodes that do nothing: of an inert document, no picture is fetched and no script runs. @returns {DocumentFragment} */
export function inert(html) {
  const template = document.createElement('template');
  template.innerHTML = policy().createHTML(html);
  return template.content;
}

/** Fills `element`; where nothing else is allowed, with the text. `origin`: of the server, where that is another. */
export function fill(element, html, origin = '') {
  // Uploads are the only relative addresses. In text `<` is always escaped, so only tags are met.
  if (origin) html = html.replace(/(<img\b[^>]*? src=")(?=\/media\/)/g, `$1${origin}`);
  if (element.setHTML) return element.setHTML(html, { sanitizer });
  try {
    element.replaceChildren(inert(html));
  } catch {
    element.textContent = html.replace(/<[^>]*>/g, ' ');
  }
}
