/*
 * livefeed: <script src="https://host/static/embed.js" data-feed="news" data-limit="10" async></script>
 * puts a <live-feed> where it stands. Without data-feed it only makes the element known.
 * The server writes the current build into the address below; all of that module's files are immutable.
 */
(function () {
  'use strict';
  var script = document.currentScript;
  if (!script || !script.src) return;
  var BUILD = '__LIVEFEED_BUILD__';
  var NAMES = ['feed', 'limit', 'layout', 'order', 'filter', 'theme', 'height', 'grow', 'more', 'update', 'announce', 'lang', 'storage'];
  // What the module imports, so that all of it is fetched at once.
  var PARTS = ['ticker/core.js', 'ticker/embedded.js'];
  var origin = new URL(script.src).origin;

  // The room that it will take, until the module is there.
  function reserve(height) {
    try {
      var sheet = new CSSStyleSheet();
      sheet.replaceSync('live-feed:not(:defined){display:block}live-feed:not(:defined,[grow],[update]){height:480px}' +
        (height ? 'live-feed[height="' + height + '"]:not(:defined){height:' + height + 'px}' : ''));
      document.adoptedStyleSheets = document.adoptedStyleSheets.concat(sheet);
    } catch (error) { /* an older browser: it moves, once */ }
  }

  function place() {
    var element = document.createElement('live-feed');
    var link = document.createElement('a');
    element.setAttribute('src', origin);
    NAMES.forEach(function (name) {
      if (name in script.dataset) element.setAttribute(name, script.dataset[name]);
    });
    link.href = link.textContent = origin + '/feeds/' + encodeURIComponent(script.dataset.feed);
    element.append(link);
    // A page may have given the script the room of the ticker: from here on the element has it.
    script.style.display = 'none';
    if (!document.head.contains(script)) script.after(element);
    // Nothing renders in a head: then the top of the page is the nearest place.
    else if (document.body) document.body.prepend(element);
    else document.addEventListener('DOMContentLoaded', function () { document.body.prepend(element); });
  }

  function preload() {
    PARTS.forEach(function (name) {
      var link = document.createElement('link');
      link.rel = 'modulepreload';
      link.href = origin + '/static/' + BUILD + '/' + name;
      document.head.append(link);
    });
  }

  // Modules that failed to load stay failed under their addresses. The server takes any build for its own; but only
  // this one is what an integrity of the host's is for.
  function load(tries) {
    var build = tries ? ('00000000000' + tries.toString(16)).slice(-12) : BUILD;
    import(origin + '/static/' + build + '/ticker/define.js').catch(function (error) {
      if (script.integrity) return console.warn('livefeed: ' + origin + ' gave no ticker of this integrity', error);
      if (!tries) console.warn('livefeed: ' + origin + ' cannot be reached, trying again', error);
      setTimeout(load, Math.min(60, Math.pow(2, tries)) * (500 + Math.random() * 500), tries + 1);
    });
  }

  reserve(/^\d{3,4}$/.test(script.dataset.height) && script.dataset.height);
  if (script.dataset.feed) place();
  if (!customElements.get('live-feed')) preload();
  load(0);
})();
