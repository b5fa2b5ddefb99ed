/** A text onto the clipboard, also where the page came by plain HTTP and browsers deny the better way. */

/** With its looks for who pastes into an article, as its source for who pastes into code. */
async function write(text, isHtml) {
  if (!isHtml || !globalThis.ClipboardItem) return navigator.clipboard.writeText(text);
  const as = (type) => [type, new Blob([text], { type })];
  await navigator.clipboard.write([new ClipboardItem(Object.fromEntries([as('text/html'), as('text/plain')]))]);
}

/**
 * @param {HTMLInputElement | HTMLTextAreaElement} field that shows the text; `data-html`: it is HTML
 * @returns {Promise<boolean>} false: it is selected, to be copied by hand
 */
export async function copyFrom(field) {
  try {
    await write(field.value, 'html' in field.dataset);
    return true;
  } catch {
    field.focus();
    field.select();
    return document.execCommand('copy');
  }
}

/** A button that copies, and says so. @param {HTMLElement} box with a field, a button named copy, and a status */
export function offerCopy(box) {
  const told = box.querySelector('.copied');
  box.querySelector('[name="copy"]').addEventListener('click', async () => {
    const done = await copyFrom(box.querySelector('[readonly]'));
    told.textContent = done ? 'Copied.' : 'It is selected: copy it with your keyboard or its menu.';
  });
}
