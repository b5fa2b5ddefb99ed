/** This browser's clock, for what belongs to no feed. */

/** What browsers still call by the names of before, as they were when Intl froze them. */
const RENAMED = {
  'Asia/Calcutta': 'Asia/Kolkata', 'Asia/Katmandu': 'Asia/Kathmandu', 'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh', 'Europe/Kiev': 'Europe/Kyiv',
};

/** @param {string} zone @returns {string} as the IANA list has it today */
export const zoneToday = (zone) => RENAMED[zone] ?? zone;

/** @returns {string} as Europe/Kyiv */
export const ownZone = () => zoneToday(Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC');

/** For the times of ticker/language.js, in the desk's own language. */
export const HERE = { lang: 'en-GB', timezone: ownZone() };
