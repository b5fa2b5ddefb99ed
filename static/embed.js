/*
 * livefeed: <script src="https://host/static/embed.js" data-feed="news" data-limit="10" async></script>
 * puts a <live-feed> where it stands. Without data-feed it only makes the element known.
 * The server writes the current build into the address below; all of that module's files are immutable.
 */
(function () {
  'use strict';
  var script = document.currentScript;
  if (!script || !script.src) return;
  var origin = new URL(script.src).origin;
  var module = origin + '/static/__LIVEFEED_BUILD__/ticker/define.js';

  if (script.dataset.feed) {
    var element = document.createElement('live-feed');
    element.setAttribute('src', origin);
    ['feed', 'limit'].forEach(function (name) {
      if (script.dataset[name]) element.setAttribute(name, script.dataset[name]);
    });
    if (!document.head.contains(script)) script.after(element);
    // Nothing renders in a head: then the top of the page is the nearest place.
    else if (document.body) document.body.prepend(element);
    else document.addEventListener('DOMContentLoaded', function () { document.body.prepend(element); });
  }

  // A module that failed to load stays failed under its address: each new try has its own.
  (function load(tries) {
    import(module + (tries ? '?try=' + tries : '')).catch(function (error) {
      if (!tries) console.warn('livefeed: ' + origin + ' cannot be reached, trying again', error);
      setTimeout(load, Math.min(60, Math.pow(2, tries)) * (500 + Math.random() * 500), tries + 1);
    });
  })(0);
})();
