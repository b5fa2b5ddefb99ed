/** An update's own page: it needs no script, but for who edits it. */
try {
  if (localStorage.getItem('livefeed:desk:hint')) {
    const root = document.querySelector('.livefeed');
    import('../desk/hint.js').then(({ hint }) => hint(root, root.dataset.feed), console.warn);
  }
} catch { /* storage may be denied */ }
