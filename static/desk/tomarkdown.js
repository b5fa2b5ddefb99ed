/** Rich text, as other programs put it on the clipboard, as the Markdown that looks the same to readers. */
import { paragraph } from './marking.js';

const SKIPPED = 'script, style, head, title, meta, link, template, noscript, iframe, object, svg, math, select, textarea, button, o\\:p';
const BLOCKS = 'address, article, aside, blockquote, center, dd, details, div, dl, dt, fieldset, figcaption, figure, footer, form, h1, h2, h3, '
  + 'h4, h5, h6, header, hr, li, main, nav, ol, p, pre, section, table, ul';
const LINK = /^(https?:\/\/[^\s/]|mailto:[^\s/])/i;

/** As it is written: the page's policy allows no styles in elements, so the browser does not read them. */
const styleOf = (element) => element.getAttribute('style') ?? '';

/** What an element does to the looks of its text; office programs say it in styles. */
function looks(element, before) {
  const style = styleOf(element);
  const name = element.localName;
  const now = { ...before };
  if (['b', 'strong'].includes(name)) now.bold = true;
  if (['i', 'em', 'cite', 'dfn', 'var'].includes(name)) now.italic = true;
  if (['s', 'del', 'strike'].includes(name) || /line-through/.test(style)) now.struck = true;
  if (['code', 'kbd', 'samp', 'tt'].includes(name)) now.code = true;
  const weight = /(?:^|;)\s*font-weight:\s*(\w+)/i.exec(style)?.[1];
  if (weight) now.bold = /^bold/i.test(weight) || Number(weight) >= 600;
  if (/(?:^|;)\s*font-style:/i.test(style)) now.italic = /(?:^|;)\s*font-style:\s*italic/i.test(style);
  const href = name === 'a' && element.getAttribute('href')?.trim();
  if (href && LINK.test(href)) now.href = href;
  return now;
}

/** Collects paragraphs; text that stands in no block makes one too. */
class Writer {
  blocks = [];
  #runs = [];

  text(text, style) {
    const last = this.#runs.at(-1)?.text ?? '\n';
    const collapsed = text.replace(/[ \t\n\r\f\u00a0]+/g, ' ');
    const shown = /\s$/.test(last) ? collapsed.replace(/^ /, '') : collapsed;
    if (shown) this.#runs.push({ ...style, text: shown });
  }

  br(style) {
    this.#runs.push({ ...style, text: '\n' });
  }

  block(markdown) {
    this.end();
    if (markdown) this.blocks.push(markdown);
  }

  end() {
    const text = paragraph(this.#runs);
    if (text) this.blocks.push(text);
    this.#runs = [];
  }
}

const indent = (text, by) => text.replace(/\n(?=.)/g, `\n${' '.repeat(by)}`);

function list(element, style) {
  let number = Number(element.getAttribute('start')) || 1;
  const items = [];
  for (const child of element.children) {
    // Google Docs puts a list's list beside its items, not into one.
    if (child.matches('ul, ol')) items.push(`  ${indent(list(child, style), 2)}`);
    if (!child.matches('li')) continue;
    const mark = element.localName === 'ol' ? `${number++}. ` : '- ';
    const text = children(child, style).join('\n\n').replace(/\n\n(?=- |\d+\. )/g, '\n');
    if (text) items.push(mark + indent(text, mark.length));
  }
  return items.join('\n');
}

function table(element, style, writer) {
  const rows = [...element.rows].map((row) => [...row.cells].map((cell) => children(cell, style)));
  const width = Math.max(0, ...rows.map((row) => row.length));
  // Where everything stands in one column, or long in its cells, the table is only there for the layout.
  const data = width > 1 && rows.length > 1 && rows.every((row) => row.every((cell) => cell.length < 2));
  if (!data) return rows.flat(2).forEach((block) => writer.block(block));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const texts = rows.map((row) => Array.from({ length: width }, (_, at) => (row[at]?.[0] ?? '').replace(/\n/g, ' ').replace(/\|/g, '\\|')));
  writer.block([line(texts[0]), line(texts[0].map(() => '---')), ...texts.slice(1).map(line)].join('\n'));
}

function block(element, style, writer) {
  const name = element.localName;
  if (name === 'hr') return writer.block('---');
  if (name === 'ul' || name === 'ol') return writer.block(list(element, style));
  if (name === 'table') return table(element, style, writer);
  if (name === 'pre') {
    const code = element.textContent.replace(/\n$/, '');
    return writer.block(code.includes('```') ? `~~~\n${code}\n~~~` : `\`\`\`\n${code}\n\`\`\``);
  }
  const parts = children(element, /^h\d/.test(name) ? { ...style, bold: false, heading: true } : style);
  if (name === 'blockquote') return writer.block(parts.join('\n\n').replace(/^/gm, '> ').replace(/^> $/gm, '>'));
  if (/^h[1-6]$/.test(name)) return writer.block(parts.length && `${name <= 'h2' ? '###' : '####'} ${parts.join(' ').replace(/\n/g, ' ')}`);
  writer.end();
  parts.forEach((part) => writer.block(part));
}

function walk(node, style, writer) {
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) writer.text(child.data, style);
    if (child.nodeType !== Node.ELEMENT_NODE || child.matches(SKIPPED) || /mso-list:\s*ignore/i.test(styleOf(child))) continue;
    if (child.localName === 'br') writer.br(style);
    else if (child.matches(BLOCKS)) block(child, looks(child, style), writer);
    else walk(child, style.heading ? { ...looks(child, style), bold: false } : looks(child, style), writer);
  }
}

function children(element, style) {
  const writer = new Writer();
  walk(element, style, writer);
  writer.end();
  return writer.blocks;
}

/** Word writes lists as paragraphs that begin with a bullet. */
function wordList(paragraph) {
  const class_ = paragraph.getAttribute('class') ?? '';
  return /mso-list:/i.test(styleOf(paragraph)) || /^MsoListParagraph/.test(class_);
}

function gatherWordLists(fragment) {
  let open = null;
  for (const one of [...fragment.querySelectorAll('p')]) {
    if (!wordList(one)) {
      open = null;
      continue;
    }
    const numbered = /^\s*\w{1,3}[.)]/.test(one.textContent);
    if (!open || open.nextElementSibling !== one) {
      open = document.createElement(numbered ? 'ol' : 'ul');
      one.before(open);
    }
    const item = document.createElement('li');
    item.append(...one.childNodes);
    open.append(item);
    one.remove();
  }
}

/** @param {DocumentFragment} fragment inert, and changed by this @returns {string} */
export function toMarkdown(fragment) {
  gatherWordLists(fragment);
  return children(fragment, {}).join('\n\n');
}
