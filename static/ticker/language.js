/**
 * Words with holes and plurals (static/words/<lang>.json), and times: as the reader's clock shows them, by days
 * as the feed's zone has them.
 */

export const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);

/** @param {Record<string, string>} forms by CLDR category @param {number} n */
export const plural = (forms, n, lang, shown = n) => fillIn(forms[new Intl.PluralRules(lang).select(n)] ?? forms.other, { n: shown });

const formats = new Map();

function made(Format, lang, options) {
  const name = Format.name + lang + JSON.stringify(options);
  if (!formats.has(name)) {
    let format;
    try {
      format = new Format(lang, options);
    } catch { // a language or a zone that this browser does not know
      format = new Format(undefined, { ...options, timeZone: undefined });
    }
    formats.set(name, format);
  }
  return formats.get(name);
}

const format = (lang, options, time) => made(Intl.DateTimeFormat, lang, options).format(+new Date(time) || 0);

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
const DAY = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };

const date = (time, timeZone) => format('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }, time);
const dates = new Map();

/** The date in the feed's zone, as 2026-11-22. Asked for often: remembered. */
export function dayKey(time, { timezone }) {
  const name = `${timezone} ${time}`;
  if (!dates.has(name)) dates.set(name, date(time, timezone));
  return dates.get(name);
}

export const day = (time, feed) => format(feed.lang, { ...DAY, timeZone: feed.timezone }, time);

/** Hours and minutes here; with the weekday where the date is another than in the feed's zone. */
export function clock(time, feed) {
  return format(feed.lang, date(time) === dayKey(time, feed) ? CLOCK : { weekday: 'short', ...CLOCK }, time);
}

/** As short as today allows: 14:05, else 22 Nov, 14:05. */
export function brief(time, feed) {
  return format(feed.lang, date(time) === date(Date.now()) ? CLOCK : { day: 'numeric', month: 'short', ...CLOCK }, time);
}

/** All of it, for a title. */
export const full = (time, feed) => format(feed.lang, { ...DAY, ...CLOCK, timeZoneName: 'short' }, time);

/** “4 min ago”, of the last day only. */
function ago(time, { lang }) {
  const minutes = Math.floor((Date.now() - new Date(time)) / 60_000);
  if (!(minutes >= 0 && minutes < 1440)) return '';
  const relative = made(Intl.RelativeTimeFormat, lang, { style: 'short', numeric: 'auto' });
  return minutes < 60 ? relative.format(-minutes, 'minute') : relative.format(-Math.floor(minutes / 60), 'hour');
}

/** What the server wrote into a title is in another zone. */
const titled = new WeakSet();

/** Rewrites a `<time>` for this reader, now. @param {HTMLTimeElement} element */
export function localise(element, feed) {
  const isClock = element.classList.contains('clock');
  set(element, (isClock ? clock : brief)(element.dateTime, feed));
  if (!titled.has(element)) element.title = full(element.dateTime, feed);
  titled.add(element);
  const relative = isClock && element.closest('.meta')?.querySelector('.ago');
  if (relative) set(relative, ago(element.dateTime, feed));
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A zone as this browser calls it: Kyiv's goes by two names. None: the reader's own. */
export const zoneName = (timeZone) => made(Intl.DateTimeFormat, 'en', { timeZone }).resolvedOptions().timeZone;
