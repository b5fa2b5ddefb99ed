/** Links that stand alone in a paragraph, as cards: equal to livefeed/core/cards.py, whose tests are for both. */

// What stands before an @ is no host; a browser takes a backslash for a slash.
const LINK = /^https?:\/\/(?:[^/?#\\]*@)?(?:www\.)?([\w.:-]+)(|[/?#][!-~]*)$/i;
const VIDEO =
  /^(?:(?:m\.)?youtu(?:be\.com\/(?:live\/|shorts\/|watch\?(?:.*&)?v=)|\.be\/)([\w-]{11})|vimeo\.com\/(\d+))(?![\w/-])/i;

/** An address without its scheme, with one sign for what people read and what is sent of it. */
const plain = (text) => text.replace(/https?:\/\/|[\0- ]/gi, '').replace(/(%\w\w|[^!-~])+/g, '%');
const span = (className, textContent) => Object.assign(document.createElement('span'), { className, textContent });

/** @param {Element} body what an update says, sanitised */
export function cards(body) {
  for (const link of body.querySelectorAll('p>a[href]:only-child')) {
    const card = link.parentNode;
    const href = link.getAttribute('href');
    const [, site, rest] = LINK.exec(href) ?? [];
    if (!site || link.firstElementChild || plain(card.textContent) !== plain(href)) continue;
    const [video, youtube, vimeo] = VIDEO.exec(site + rest) ?? [];
    card.className = video ? 'card video' : 'card';
    if (video) card.dataset.video = youtube ? `youtube:${youtube}` : `vimeo:${vimeo}`;
    link.replaceChildren(span('site', site), ' ', span('address', rest[1] ? rest : site));
    card.replaceChildren(link);
  }
}
