/**
 * One reader's stream: opens it, notices when it is dead, comes back where it stood.
 *
 *   idle ─start→ connecting ─sync→ live ─lost→ reconnecting | offline ─sync→ live …
 *   any ─bye closed→ ended (looked at once a minute; reopened → connecting)
 *   any ─told not to come back→ refused        any ─close→ closed
 *
 * @import { ConnectionOptions } from './types'
 */
import { CLOSE, SILENCE_MS, follows, getJSON, isExplained, isFinal, pollOnce, ws } from './wire.js';

const FIRST_SYNC_MS = 10_000;
const STABLE_MS = 5_000;
const ENDED_MS = 60_000;

/** Full jitter: anything up to a ceiling that doubles, so that a crowd that lost its server comes back spread out. */
const backoff = (tries) => Math.random() * Math.min(30_000, 1000 * 2 ** tries);

/** Which transport worked before, per server, for all feeds of this page. */
const worked = new Map();

export class Connection {
  /** @type {?string} where this reader stands: everything up to here was given to `onmessage` */
  position;
  status = 'idle';

  #tries = 0;
  /** Undoes the stream that is open. */ #undo = () => {};
  /** Counts attempts: what an earlier one still says is not heard. */ #turn = 0;
  #synced = false;
  #failures = 0;
  #heard = 0;
  #timers = {};
  #page = new AbortController();
  #away = false;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.options = { transports: ['ws', 'sse', 'poll'], onstatus() {}, memory: worked, ...options };
    this.position = options.position ?? null;
    this.server = new URL(options.url).origin;
    this.index = Math.max(0, this.options.transports.indexOf(this.options.memory.get(this.server)));
  }

  start() {
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal: this.#page.signal });
    on(window, 'online', () => this.#online());
    on(window, 'offline', () => this.#running && this.#wait());
    on(window, 'pagehide', () => this.#leave());
    on(window, 'pageshow', () => this.#away && this.#return());
    on(document, 'visibilitychange', () => document.visibilityState === 'visible' && this.#look());
    this.#attempt();
  }

  close() {
    this.#halt();
    this.#page.abort();
    this.#say('closed');
  }

  /** Forget the position and come back: the answer is a snapshot. */
  resync() {
    this.position = null;
    if (this.#running) this.#wait();
  }

  get #running() {
    return !this.#away && !['idle', 'ended', 'refused', 'closed'].includes(this.status);
  }

  async #attempt() {
    const turn = this.#halt();
    const current = () => turn === this.#turn;
    if (this.status === 'idle') this.#say('connecting');
    else if (this.status !== 'connecting' && this.status !== 'offline') this.#say('reconnecting');
    if (!this.position && this.options.prepare) {
      try {
        const position = await this.options.prepare();
        if (!current()) return;
        this.position = position;
      } catch {
        return current() && this.#ask(false);
      }
    }
    this.#after('watch', FIRST_SYNC_MS, () => this.#ended({}));
    try {
      const name = this.options.transports[this.index];
      const open = name === 'ws' ? ws : (await import('./fallbacks.js'))[name];
      if (!current()) return;
      this.#undo = open(this.options.url, this.position, {
        message: (message) => current() && message && this.#message(message),
        end: (why) => current() && this.#ended(why),
      });
    } catch {
      if (current()) this.#ended({}); // no such thing in this browser, or the page's policy forbids it
    }
  }

  #message(message) {
    this.#heard = Date.now();
    this.#after('watch', SILENCE_MS, () => this.#wait());
    if (message.type === 'bye') return this.#bye(message);
    if (message.type === 'sync') {
      this.options.onmessage(message);
      this.position = message.position;
      return this.#synced || this.#live();
    }
    if (message.type === 'presence') return this.options.onmessage(message);
    const verdict = follows(this.position, message);
    if (!this.#synced || verdict === 'gap') return this.#wait();
    if (message.type === 'ping') return this.options.onmessage(message);
    if (verdict === 'old') return;
    this.options.onmessage(message);
    this.position = message.position;
  }

  #live() {
    this.#synced = true;
    this.#failures = 0;
    this.options.memory.set(this.server, this.options.transports[this.index]);
    this.#after('stable', STABLE_MS, () => (this.#tries = 0));
    this.#say('live');
  }

  #bye({ reason, retry }) {
    if (retry != null) return this.#wait(retry * (1 + Math.random()));
    if (reason === 'closed') this.#end();
    else this.#refuse({ reason });
  }

  /** The stream is over, and no `bye` said so. */
  #ended({ code, retryMs }) {
    if (retryMs) this.#wait(retryMs);
    else if (isFinal(code)) this.#refuse({ code, exists: code !== CLOSE.noSuchFeed, allowed: code !== CLOSE.originRefused });
    else if (this.#synced || isExplained(code)) this.#wait();
    else this.#ask(true);
  }

  /** It never came to a sync, and browsers hide why: ask. `blame`: the transport, if the server is well. */
  async #ask(blame) {
    const turn = this.#halt();
    const access = await this.#access();
    if (turn !== this.#turn) return;
    if (!access) return this.#wait();
    if (!access.exists || !access.allowed) return this.#refuse(access);
    if (access.status === 'closed' && this.position) return this.#end();
    // One that worked before gets a second chance: the server may have come up a moment ago.
    const names = this.options.transports;
    if (!blame || ++this.#failures <= Number(this.options.memory.get(this.server) === names[this.index])) return this.#wait();
    this.#failures = 0;
    this.index = (this.index + 1) % names.length;
    return this.index ? this.#attempt() : this.#wait();
  }

  async #access() {
    if (this.options.access) return this.options.access();
    try {
      const signal = AbortSignal.timeout(FIRST_SYNC_MS);
      return (await getJSON(`${this.options.url}/access`, { cache: 'no-store', signal })).body;
    } catch (error) {
      return error.status === 404 ? { exists: false } : null;
    }
  }

  #wait(ms = backoff(this.#tries++)) {
    this.#halt();
    this.#say(navigator.onLine === false ? 'offline' : 'reconnecting', { retryAt: Date.now() + ms });
    this.#after('retry', ms, () => this.#attempt());
  }

  #refuse(refusal) {
    this.#halt();
    this.#say('refused', refusal);
  }

  /** The feed is closed: late corrections and a reopening are still worth a look now and then. */
  #end(ms = ENDED_MS * (0.75 + Math.random() / 2)) {
    const turn = this.#halt();
    this.#say('ended');
    this.#after('retry', ms, async () => {
      try {
        const { body } = await pollOnce(this.options.url, this.position, 0);
        if (turn !== this.#turn) return;
        this.options.onmessage(body);
        this.position = body.position;
        const feeds = [body.snapshot, ...(body.changes ?? [])].map((one) => one?.feed).filter(Boolean);
        if (feeds.at(-1)?.status === 'open') return this.#attempt();
      } catch (error) {
        if (error.status === 404) return this.#ask(false);
      }
      if (turn === this.#turn) this.#end();
    });
  }

  #online() {
    this.#tries = 0;
    this.index = 0; // another network, perhaps one that lets more through
    if (this.#running && this.status !== 'live') this.#attempt();
  }

  /** Back in front of somebody: timers may have slept, and waiting is over. */
  #look() {
    if (this.#away) return;
    if (this.status === 'ended') this.#end(0);
    else if (this.status === 'live' ? Date.now() - this.#heard > SILENCE_MS : this.#timers.retry) this.#attempt();
  }

  /** An open stream would keep the page out of the back-forward cache. */
  #leave() {
    this.#away = true;
    this.#halt();
  }

  #return() {
    this.#away = false;
    if (this.status === 'ended') this.#end(0);
    else if (this.#running) this.#attempt();
  }

  #after(name, ms, then) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(() => {
      delete this.#timers[name];
      then();
    }, ms);
  }

  #halt() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    this.#undo();
    this.#undo = () => {};
    this.#synced = false;
    return ++this.#turn;
  }

  /** @param {object} [detail] when it tries again, or why it does not */
  #say(status, detail) {
    if (status === this.status && !detail) return;
    this.status = status;
    this.options.onstatus(status, detail);
  }
}
