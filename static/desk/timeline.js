/** A timeline that somebody wrote down elsewhere: lines like “14:05 — text”. Pure. */

const MARK = String.raw`(?:[-*•·▪–] +)?[*_[(]{0,3}`;
const CLOCK = String.raw`(?<hour>[01]?\d|2[0-3])(?:[:.h](?<minute>[0-5]\d)(?::[0-5]\d)?)`;
const SUFFIX = String.raw`(?: ?(?<half>[ap])\.?m\.?(?!\w))?(?: (?:Uhr|GMT|UTC|BST|CET|CEST|EET|EEST|E[SD]T|ET)\b)?`;
const LINE = new RegExp(`^${MARK}${CLOCK}${SUFFIX}[*_\\])]{0,3}(?:\\s*[—–|:\\-]+\\s*|\\s+|\\s*$)[*_]{0,2}(?<text>.*)$`, 'iu');

const DAY_MINUTES = 1440;
/** So far ahead of now, a time was meant for yesterday. */
const AHEAD_MS = 12 * 3_600_000;

function entry(line) {
  const match = LINE.exec(line.trim());
  if (!match) return null;
  const { hour, minute, half, text } = match.groups;
  const on12 = half && Number(hour) <= 12;
  return { minutes: (on12 ? (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : Number(hour)) * 60 + Number(minute), text: text.trim() };
}

function entries(text) {
  const found = [];
  for (const line of text.split(/\r\n?|\n/)) {
    const one = entry(line);
    if (one) found.push(one);
    else if (found.length) found.at(-1).text += `\n${line.trimEnd()}`;
    else if (line.trim()) return []; // it begins with something else
  }
  return found.map(({ minutes, text: words }) => ({ minutes, text: words.trim() })).filter(({ text: words }) => words);
}

/** Newest last; those that go on past midnight too. */
function inOrder(found) {
  // The shorter way round the clock: from 23:50 to 00:10 it goes on.
  const steps = found.slice(1).map(({ minutes }, at) => ((minutes - found[at].minutes + 3 * DAY_MINUTES / 2) % DAY_MINUTES) - DAY_MINUTES / 2);
  return steps.filter((step) => step < 0).length > steps.filter((step) => step > 0).length ? found.toReversed() : found;
}

/**
 * @param {string} text as pasted @param {number} now ms since 1970
 * @returns {{time: Date, text: string}[]} oldest first, on this computer's clock; none: it is no timeline
 */
export function timeline(text, now = Date.now()) {
  const found = inOrder(entries(text));
  if (found.length < 2) return [];
  const at = (days, minutes) => {
    const day = new Date(now);
    return new Date(day.getFullYear(), day.getMonth(), day.getDate() - days, Math.floor(minutes / 60), minutes % 60);
  };
  let days = at(0, found.at(-1).minutes) - now > AHEAD_MS ? 1 : 0;
  const result = [];
  for (let index = found.length - 1; index >= 0; index--) {
    if (index < found.length - 1 && found[index].minutes > found[index + 1].minutes) days++;
    result.unshift({ time: at(days, found[index].minutes), text: found[index].text });
  }
  return result;
}
