/**
 * In a frame: tells the page around how high this one is, in the words that it understands. embed-frame.js asks, and is
 * answered alone; AMP listens; WordPress gave the frame's address a secret.
 */

const page = document.querySelector('.page');
const [, secret] = /[#&?]secret=([A-Za-z0-9]{1,64})$/.exec(location.hash) ?? [];
/** Who asked, as an origin. @type {?string} */
let asker = null;

const say = (message, origin = '*') => parent.postMessage(message, origin);

function tell() {
  const height = Math.ceil(page.getBoundingClientRect().height);
  if (asker) say({ type: 'livefeed:height', height }, asker);
  say({ sentinel: 'amp', type: 'embed-size', height });
  if (secret) say({ message: 'height', value: height, secret });
}

/** @param {MessageEvent} event */
function hear({ source, origin, data }) {
  if (source !== parent) return;
  if (data?.type === 'livefeed:hello') asker = origin === 'null' ? '*' : origin; // a sandbox has no other name
  else if (!secret || data?.message !== 'ready' || data.secret !== secret) return;
  tell();
}

if (parent !== window) {
  addEventListener('message', hear);
  new ResizeObserver(tell).observe(page);
  say({ type: 'livefeed:ready' });
  // WordPress allows its frames no windows of their own: it opens what is of our site.
  if (secret) {
    document.addEventListener('click', (event) => {
      const [link] = event.composedPath().filter((node) => node.localName === 'a' && node.href);
      if (link && !event.defaultPrevented) say({ message: 'link', value: link.href, secret });
    });
  }
}
