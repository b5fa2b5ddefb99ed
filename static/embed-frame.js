/*
 * livefeed: <script src="https://host/static/embed-frame.js" async></script> gives the frames of that server on this
 * page the height of what is in them. Only a frame's own window is believed, and only within bounds.
 */
(function () {
  'use strict';
  var script = document.currentScript;
  if (!script || !script.src) return;
  var LEAST = 100;
  var MOST = Number(script.dataset.most) || 4000;
  var server = new URL(script.src).origin;

  // A sandboxed frame has no origin.
  function isNameless(frame) {
    return frame.hasAttribute('sandbox') && !frame.sandbox.contains('allow-same-origin');
  }

  function frameOf(event) {
    return Array.from(document.querySelectorAll('iframe')).find(function (frame) {
      if (frame.contentWindow !== event.source || frame.src.indexOf(server + '/embed/') !== 0) return false;
      return event.origin === (isNameless(frame) ? 'null' : server);
    });
  }

  // Before it loads, a frame holds an empty page of this site; once it has, it says by itself that it is ready.
  function isEmpty(frame) {
    return frame.contentDocument !== null && frame.contentDocument.URL === 'about:blank';
  }

  function hello(frame) {
    if (frame.src.indexOf(server + '/embed/') !== 0 || !frame.contentWindow || isEmpty(frame)) return;
    frame.contentWindow.postMessage({ type: 'livefeed:hello' }, isNameless(frame) ? '*' : server);
  }

  addEventListener('message', function (event) {
    var data = event.data;
    if (!data || (data.type !== 'livefeed:ready' && data.type !== 'livefeed:height')) return;
    var frame = frameOf(event);
    if (!frame) return;
    if (data.type === 'livefeed:ready') hello(frame);
    else if (typeof data.height === 'number' && data.height > 0 && data.height < Infinity) {
      frame.style.height = Math.min(MOST, Math.max(LEAST, Math.ceil(data.height))) + 'px';
    }
  });
  document.querySelectorAll('iframe').forEach(hello);
})();
