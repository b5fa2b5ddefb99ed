/** Changing what stands in a text field so that the browser's own undo takes it back. */

/** Puts `text` in place of what is selected. @param {HTMLTextAreaElement | HTMLInputElement} field */
export function insert(field, text) {
  field.focus();
  if (text ? document.execCommand('insertText', false, text) : document.execCommand('delete')) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
}

/** Puts `text` in place of what stands from `start` to `end`, and selects part of it. */
export function replace(field, start, end, text, from = start + text.length, to = from) {
  field.setSelectionRange(start, end);
  insert(field, text);
  field.setSelectionRange(from, to);
}

/** The lines that the selection touches: `[start, end]`. */
export function lines({ value, selectionStart, selectionEnd }) {
  const end = value.indexOf('\n', Math.max(selectionStart, selectionEnd - 1));
  return [value.lastIndexOf('\n', selectionStart - 1) + 1, end < 0 ? value.length : end];
}
