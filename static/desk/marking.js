/** Words with their looks, as Markdown. Pure. A run is `{text, href, bold, italic, struck, code}`. */

const MARKS = { bold: '**', italic: '*', struck: '~~' };

/** What would mean something to Markdown. Of `*`, `_` and `~` only what could open or close. */
const escape = (text) => text
  .replace(/[\\`[\]]/g, '\\$&')
  .replace(/\*(?=\S)|(?<=\S)\*/g, '\\*')
  .replace(/(?<![\p{L}\p{N}])_(?=\S)|(?<=\S)_(?![\p{L}\p{N}])/gu, '\\_')
  .replace(/~~/g, '\\~~')
  .replace(/&(?=#?\w+;)/g, '\\&')
  .replace(/<(?=[a-z][a-z\d+.-]*:|[^\s@<>]+@)/gi, '\\<');

/** Where a line begins, these would make a heading, a quotation, a list or a table of it. */
const escapeStart = (text) => text
  .replace(/^( *)([#>|]|[-+](?= |$)|=+ *$|-{3,} *$)/gm, '$1\\$2')
  .replace(/^( *\d{1,9})([.)])(?= |$)/gm, '$1\\$2');

/** Spaces within the marks would break them: they go outside. */
function around(text, open, close = open) {
  const [, before, inner, after] = /^(\s*)([^]*?)(\s*)$/.exec(text);
  return inner ? before + open + inner + close + after : text;
}

function link(text, href) {
  const plain = text.trim();
  if (plain === escape(href) || plain === escape(href.replace(/^mailto:/, ''))) return around(text, '<', '>').replace(plain, href.replace(/^mailto:/, ''));
  const target = /[()\s<>]/.test(href) ? `<${href.replace(/[<>\s]/g, encodeURIComponent)}>` : href;
  return around(text.replace(/\n/g, ' '), '[', `](${target})`);
}

function group(runs, name) {
  const groups = [];
  for (const run of runs) {
    const last = groups.at(-1);
    // A space has no looks, and must not part what belongs together.
    if (last && (last[0][name] === run[name] || (!run.text.trim() && name !== 'href' && name !== 'code'))) last.push(run);
    else groups.push([run]);
  }
  return groups;
}

function render(runs, [name, ...rest]) {
  if (!name) return escape(runs.map(({ text }) => text).join(''));
  return group(runs, name).map((part) => {
    const value = part[0][name];
    if (name === 'code' && value) return around(part.map(({ text }) => text).join('').replace(/`/g, '′').replace(/\n/g, ' '), '`');
    const inner = render(part, rest);
    if (!value) return inner;
    return name === 'href' ? link(inner, value) : around(inner, MARKS[name]);
  }).join('');
}

/** One paragraph. @param {object[]} runs @returns {string} */
export function paragraph(runs) {
  const text = render(runs, ['href', 'bold', 'italic', 'struck', 'code']);
  return escapeStart(text.replace(/[ \t]*\n[ \t]*/g, '\n').trim());
}
