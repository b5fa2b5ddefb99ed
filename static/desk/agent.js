/** A browser by the name that its owner knows. Pure. */

/** The first that fits: most claim to be several. */
const BROWSERS = [
  [/\bEdgA?\//, 'Edge'], [/\bOPR\//, 'Opera'], [/\bSamsungBrowser\//, 'Samsung Internet'], [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'], [/\bSafari\//, 'Safari'],
];
const SYSTEMS = [
  [/\biPhone\b/, 'an iPhone'], [/\biPad\b/, 'an iPad'], [/\bAndroid\b/, 'Android'], [/\bCrOS\b/, 'ChromeOS'], [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'a Mac'], [/\bLinux\b/, 'Linux'],
];

const UNKNOWN = 'unknown device';

const found = (list, text) => list.find(([pattern]) => pattern.test(text))?.[1];

/** @param {?string} agent the header User-Agent @returns {string} as “Firefox on Linux” */
export function browserName(agent) {
  if (!agent) return UNKNOWN;
  const [browser, system] = [found(BROWSERS, agent), found(SYSTEMS, agent)];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? agent.slice(0, 40);
}
