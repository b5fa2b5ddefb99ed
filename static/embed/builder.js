/** The page that puts the code together: what is chosen is shown at once, and kept in the page's address. */
import '../ticker/define.js';
import { snippets } from './snippets.js';

const SHOWN_MS = 2000;

const about = JSON.parse(document.getElementById('about').textContent);
const form = document.getElementById('choices');
const [preview, code] = ['preview', 'snippets'].map((id) => document.getElementById(id));

/** @returns {Record<string, string>} those that are not as usual; what cannot be is as usual */
function chosen() {
  const fits = [...form.elements].filter(({ name, validity }) => name && validity.valid).map(({ name }) => name);
  return Object.fromEntries([...new FormData(form)].filter(([name, value]) => value && fits.includes(name)));
}

function showPreview({ width, ...options }) {
  const element = preview.firstElementChild ?? preview.appendChild(document.createElement('live-feed'));
  preview.style.maxWidth = `${width}px`;
  for (const name of element.getAttributeNames()) {
    if (!(name in options)) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(options)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), SHOWN_MS);
  } catch {
    getSelection().selectAllChildren(button.closest('section').querySelector('code'));
  }
}

/** The sections are made once: a reader's place among them stays. */
function section({ name, title, hint }) {
  const made = document.getElementById('snippet').content.cloneNode(true).firstElementChild;
  made.id = `snippet-${name}`;
  made.querySelector('h3').textContent = title;
  made.querySelector('p').textContent = hint;
  const [button, box] = [made.querySelector('button'), made.querySelector('code')];
  button.setAttribute('aria-label', `Copy: ${title}`);
  box.parentNode.setAttribute('aria-label', `Code: ${title}`);
  button.addEventListener('click', () => copy(button, box.textContent));
  code.append(made);
  return made;
}

function showCode({ width, ...options }) {
  const title = form.elements.feed.selectedOptions[0].textContent;
  for (const snippet of snippets(about, options, title)) {
    const shown = document.getElementById(`snippet-${snippet.name}`) ?? section(snippet);
    shown.querySelector('code').textContent = snippet.text;
  }
}

function show() {
  const options = chosen();
  showPreview(options);
  showCode(options);
  const { width, ...kept } = options;
  history.replaceState(null, '', `?${new URLSearchParams(kept)}`);
}

/** What the address asks for. */
function restore() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field?.type === 'checkbox') field.checked = field.value === value;
    else if (field && (name !== 'feed' || [...field.options].some((option) => option.value === value))) field.value = value;
  }
}

if (form) {
  restore();
  form.addEventListener('input', show);
  form.addEventListener('submit', (event) => event.preventDefault());
  show();
}
