/** The code for a host's page, from what was chosen. Pure: strings in, strings out. */

const ELEMENT = ['feed', 'layout', 'limit', 'order', 'filter', 'update', 'theme', 'height', 'grow', 'more', 'announce', 'lang', 'storage'];
/** What a frame's address can ask for, and by which name. */
const FRAME = { layout: 'layout', limit: 'limit', order: 'order', filter: 'key', update: 'update', theme: 'theme', lang: 'lang', storage: 'storage' };
const FLAGS = new Set(['grow', 'announce']);
const HEIGHT = 480;

const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @param {Record<string, string>} values those that are empty are left out */
const attributes = (values, prefix = '') =>
  Object.entries(values).map(([name, value]) => (FLAGS.has(name) ? ` ${prefix}${name}` : ` ${prefix}${name}="${escape(value)}"`)).join('');

const chosen = (options, names) => Object.fromEntries(names.filter((name) => options[name]).map((name) => [name, options[name]]));

/** The room that is kept until the ticker is there; what grows has none. */
const room = ({ height, grow, update }) => (grow || (update && !height) ? '' : ` style="display:block;height:${Number(height) || HEIGHT}px"`);

function frameAddress(server, options) {
  const { feed, ...rest } = chosen(options, ['feed', ...Object.keys(FRAME)]);
  const query = new URLSearchParams(Object.entries(rest).map(([name, value]) => [FRAME[name], name === 'filter' ? '1' : value]));
  return `${server}/embed/${feed}${query.size ? `?${query}` : ''}`;
}

/**
 * @param {{server: string, build: string, loader: string, integrity: Record<string, string>}} about
 * @param {Record<string, string>} options of the form; empty: as usual
 * @param {string} title of the ticker
 * @returns {{name: string, title: string, hint: string, text: string}[]}
 */
export function snippets({ server, build, loader, integrity }, options, title) {
  const wanted = chosen(options, ELEMENT);
  const script = `<script src="${server}/static/embed.js" async></script>`;
  const ticker = `${server}/feeds/${options.feed}`;
  const inside = `<a href="${ticker}">${escape(title)}</a>`;
  const element = `<live-feed src="${server}"${attributes(wanted)}${room(options)}>${inside}</live-feed>`;
  const frame = `<iframe src="${escape(frameAddress(server, options))}" title="${escape(title)}" width="100%" height="${Number(options.height) || HEIGHT}" frameborder="0" loading="lazy"></iframe>`;
  const page = options.update ? `${ticker}/updates/${options.update}` : ticker;
  const map = JSON.stringify({ integrity }, null, 1);
  return [
    { name: 'script', title: 'One line', hint: 'Where this stands, the ticker stands.', text: `<script src="${server}/static/embed.js"${attributes(wanted, 'data-')}${room(options)} async></script>` },
    { name: 'element', title: 'Element', hint: 'The script once in a page, the element wherever a ticker shall be. What is inside it is shown until the ticker is there.', text: `${element}\n${script}` },
    { name: 'frame', title: 'Frame', hint: 'For sites that allow no script. Its height is fixed.', text: frame },
    { name: 'growing', title: 'Frame as high as what is in it', hint: 'One script for all frames of a page.', text: `${frame}\n<script src="${server}/static/embed-frame.js" async></script>` },
    { name: 'address', title: 'Address', hint: 'For WordPress and others that make a frame of an address by themselves (oEmbed).', text: page },
    { name: 'policy', title: 'Content Security Policy', hint: 'What a page with a policy of its own must allow.', text: `script-src ${server}; connect-src ${server} ${server.replace(/^http/, 'ws')}; img-src https:; require-trusted-types-for 'script'; trusted-types livefeed` },
    { name: 'integrity', title: 'Pinned', hint: 'Browsers run nothing but this build. Renew it whenever the server was renewed: until then your own words are shown. The map goes before the first module of the page.', text: `<script type="importmap">\n${map}\n</script>\n${element}\n<script src="${server}/static/${build}/embed.js" integrity="${loader}" crossorigin async></script>` },
  ];
}
