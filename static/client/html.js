/**
 * The one place where HTML from the server becomes nodes. The server has sanitised it; a browser that can, checks again.
 */

/** Equal to the server's list (livefeed/core/markdown.py). */
const ELEMENTS = 'p br strong em b i s del code pre blockquote ul ol li h3 h4 hr table thead tbody tr th td';
const sanitizer = {
  elements: [
    ...ELEMENTS.split(' ').map((name) => ({ name, attributes: [] })),
    { name: 'a', attributes: ['href', 'rel'] },
    { name: 'img', attributes: ['src', 'alt', 'width', 'height'] },
  ],
  attributes: [],
  comments: false,
};

/** One policy for all copies of this module on a page: a second of the same name may be refused. */
function policy() {
  const slot = Symbol.for('livefeed.policy');
  globalThis[slot] ??= globalThis.trustedTypes?.createPolicy('livefeed', { createHTML: (html) => html });
  return globalThis[slot] ?? { createHTML: (html) => html };
}

/**
 * @param {Element} element is filled with `html`; where nothing else is allowed, with its text
 * @param {string} [origin] of the server, where it is another than the page's
 */
export function fill(element, html, origin = '') {
  // Uploads are the only relative addresses. In text `<` is always escaped, so only tags are met.
  if (origin) html = html.replace(/(<img\b[^>]*? src=")(?=\/media\/)/g, `$1${origin}`);
  if (element.setHTML) return element.setHTML(html, { sanitizer });
  try {
    const template = document.createElement('template');
    template.innerHTML = policy().createHTML(html);
    element.replaceChildren(template.content);
  } catch {
    element.textContent = html.replace(/<[^>]*>/g, ' ');
  }
}
