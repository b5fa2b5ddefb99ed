/** Times as the reader's clock shows them; days as the feed's zone has them. */

const formats = new Map();

function format(lang, options, time) {
  const name = lang + JSON.stringify(options);
  let made = formats.get(name);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat(lang, options);
    } catch { // a language or a zone that this browser does not know
      made = new Intl.DateTimeFormat(undefined, { ...options, timeZone: undefined });
    }
    formats.set(name, made);
  }
  return made.format(+new Date(time) || 0);
}

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

/** The reader's own zone, as Europe/Kyiv. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
