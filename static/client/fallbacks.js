/** For networks that let no WebSocket through: server-sent events, and long polls. Loaded when they are needed. */
import { TYPES, decode } from './protocol.js';
import { address, pollOnce } from './transports.js';

/** As often as others hear a heartbeat. */
const POLL_WAIT_S = 15;

export function sse(url, position, sink) {
  const source = new EventSource(address(url, 'events', position));
  for (const type of TYPES) source.addEventListener(type, (event) => sink.message(decode(event.data)));
  // Its own reconnecting has no jitter and gives up for ever on some answers: ours decides instead.
  source.onerror = () => sink.end({});
  return () => source.close();
}

export function poll(url, position, sink) {
  const controller = new AbortController();
  const { signal } = controller;
  const run = async () => {
    // The first answer is asked for at once, so that the reader knows where it stands.
    for (let wait = 0; !signal.aborted; wait = POLL_WAIT_S) {
      const { body, maxAge, sharedMaxAge } = await pollOnce(url, position, wait, signal);
      // To the same question a cache on the way would give the same answer, at once.
      const rest = body.position === position ? Math.max(maxAge, sharedMaxAge, 1) : maxAge;
      position = body.position ?? position;
      sink.message(body);
      await new Promise((resolve) => setTimeout(resolve, rest * 1000));
    }
  };
  run().catch(({ retryMs }) => signal.aborted || sink.end({ retryMs }));
  return () => controller.abort();
}
