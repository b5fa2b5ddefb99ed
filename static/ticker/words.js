/** What the page says, in one place. */
export const words = {
  breaking: 'Breaking',
  key: 'Key event',
  pinned: 'Pinned',
  updated: 'Updated',
  correction: 'Correction:',
  source: 'Full story',
  updates: 'Updates',
  keyEvents: 'Key events',
  more: 'More news',
  empty: 'Nothing has been published yet.',
  zone: 'Times are in your time zone, {zone}.',
  status: {
    connecting: 'Connecting',
    live: 'Live',
    reconnecting: 'Reconnecting',
    offline: 'Offline',
    'catching-up': 'Catching up',
    ended: 'Coverage has ended',
    refused: 'Not live',
  },
};
