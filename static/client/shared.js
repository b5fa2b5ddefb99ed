/**
 * One connection for all tabs of an origin that show the same feed: who holds the lock leads, and passes on what
 * comes. To its feed it is a Connection.
 *
 *   away ─enter→ following ─the lock is ours→ leading ─it was stolen→ following …
 *   away ─enter, but no locks or no channels here (a sandbox)→ alone
 *   any ─pagehide, freeze, close→ away: nothing is held, nothing is heard
 *
 * @import { ConnectionOptions, Message } from './types'
 */
import { Connection } from './connection.js';
import { SILENCE_MS, follows, getJSON, pollOnce } from './wire.js';

/** Of what is said on the channel: tabs with scripts that say something else keep to themselves. */
const VERSION = 1;

/** Who leads is heard at least as often as the server's pings, or says so. */
const ALIVE_MS = 10_000;
const QUIET_MS = 30_000;
/** So long an answer is waited for, before the lead is taken: after 35 s in all. */
const ANSWER_MS = 5_000;
/** A cache on the way may give an answer for so long again. */
const CACHED_MS = 2_500;
const LONGEST_MS = 30_000;

export class SharedConnection {
  /** Where we stand, while following. @type {?string} */ #position;
  status = 'idle';

  /** While leading or alone. @type {?Connection} */ #own = null;
  /** @type {?BroadcastChannel} */ #channel = null;
  #away = true;
  /** Counts what we were: what was begun as something else is of no use. */ #turn = 0;
  /** Ends requests for the lock, and others. */ #abort = new AbortController();
  #release = () => {};
  #page = new AbortController();
  #timers = {};
  /** What the leader, or we as such, said last. */ #said = [];
  #heard = 0;
  /** What came while we were fetching. @type {?Array<[?string, Message]>} */ #waiting = null;
  #fetched = 0;
  #tries = 0;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.options = { onstatus() {}, ...options };
    this.name = `livefeed ${VERSION} ${options.url}`;
    this.#position = options.position ?? null;
  }

  get position() {
    return this.#own ? this.#own.position : this.#position;
  }

  start() {
    const on = (target, type, listener) => target.addEventListener(type, listener, { signal: this.#page.signal });
    on(window, 'pagehide', () => this.#leave());
    on(window, 'pageshow', ({ persisted }) => persisted && this.#enter());
    on(document, 'freeze', () => this.#leave());
    on(document, 'resume', () => this.#enter());
    on(document, 'visibilitychange', () => this.#look());
    this.#enter();
  }

  close() {
    this.#page.abort();
    this.#leave();
    this.#say('closed');
  }

  /** Forget the position and come back: the answer is a snapshot. */
  resync() {
    this.#position = null;
    if (this.#own) this.#own.resync();
    else if (!this.#away) this.#follow();
  }

  #enter() {
    if (!this.#away) return;
    this.#away = false;
    try {
      this.#channel = new BroadcastChannel(this.name);
      this.#channel.onmessage = ({ data }) => this.#hear(data);
    } catch {
      return this.#connect();
    }
    return this.#ask({ ifAvailable: true });
  }

  /** An open channel or a lock would keep the page out of the back-forward cache; one that sleeps cannot lead. */
  #leave() {
    this.#away = true;
    this.#halt();
    this.#separate();
  }

  #separate() {
    this.#channel?.close();
    this.#channel = null;
  }

  /** Lets go of what we are. */
  #halt() {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waiting = null;
    const own = this.#own;
    if (own) this.#position = own.position;
    this.#own = null;
    own?.close();
    this.#release();
    this.#release = () => {};
    return ++this.#turn;
  }

  /** For the lock. @param {LockOptions} options */
  async #ask(options) {
    const turn = this.#turn;
    let leads = 0;
    try {
      await navigator.locks.request(this.name, options, (lock) => {
        if (turn !== this.#turn) return undefined;
        if (!lock) return this.#follow();
        leads = this.#halt();
        return this.#lead();
      });
    } catch {
      if (leads) return leads === this.#turn && this.#follow(); // somebody took it
      if (turn !== this.#turn) return undefined;
      this.#separate(); // nothing is shared here
      this.#connect();
    }
    return undefined;
  }

  #lead() {
    const held = new Promise((release) => (this.#release = release));
    this.#connect();
    this.#beat();
    return held;
  }

  /** One that waits is heard all the same; when it is hidden, its timers are late, and it may well be relieved. */
  #beat() {
    this.#after('beat', ALIVE_MS, () => {
      if (this.#own?.status !== 'live') this.#tell({ said: this.#said });
      this.#beat();
    });
  }

  #connect() {
    const own = new Connection({
      ...this.options,
      position: this.#position,
      onmessage: (message) => {
        const from = own.position;
        this.options.onmessage(message);
        this.#tell({ from, message });
      },
      onstatus: (...said) => {
        if (own !== this.#own) return;
        this.#said = said;
        this.#tell({ said });
        if (said[0] === 'refused') this.#leave(); // who comes later shall ask for themselves
        this.#say(...said);
      },
    });
    this.#own = own;
    own.start();
  }

  #follow() {
    this.#halt();
    this.#said = [];
    if (this.status === 'idle') this.#say('connecting');
    this.#ask({ signal: this.#abort.signal }); // granted when it is free
    this.#doubt();
    this.#catchUp();
  }

  #tell(what) {
    this.#channel?.postMessage(what);
  }

  #hear({ hello, said, from, message }) {
    if (this.#own) return hello && this.#tell({ said: this.#said });
    if (hello) return undefined;
    this.#heard = Date.now();
    this.#after('quiet', QUIET_MS, () => this.#doubt());
    if (said) this.#said = said;
    if (said && !this.#waiting) this.#say(...said);
    return message && this.#take(from, message);
  }

  /** Does anybody lead? A page that nobody looks at can wait for an answer. */
  #doubt() {
    this.#tell({ hello: true });
    this.#after('quiet', ANSWER_MS * (1 + Math.random() / 10), () => {
      if (document.visibilityState === 'visible') this.#ask({ steal: true });
    });
  }

  #look() {
    const follows = !this.#away && !this.#own;
    if (follows && document.visibilityState === 'visible' && Date.now() - this.#heard > SILENCE_MS) this.#doubt();
  }

  /** @param {?string} from where the leader stood @param {Message} message */
  #take(from, message) {
    if (this.#waiting) return void this.#waiting.push([from, message]);
    const { type, position, recovered } = message;
    if (type === 'sync') {
      if (position === this.#position) return undefined;
      return recovered && from === this.#position ? this.#pass(message) : this.#catchUp();
    }
    const verdict = follows(this.#position, message);
    if (verdict === 'gap') return this.#catchUp();
    return verdict === 'next' && this.#pass(message);
  }

  #pass(message) {
    this.options.onmessage(message);
    this.#position = message.position;
  }

  /** Fetches what is missing; what is heard meanwhile is looked at afterwards. */
  #catchUp(ms = Math.max(0, this.#fetched + CACHED_MS - Date.now())) {
    this.#waiting ??= [];
    this.#after('fetch', ms, () => this.#fetch());
  }

  async #fetch() {
    const turn = this.#turn;
    const { url, prepare } = this.options;
    this.#waiting = [];
    try {
      if (!this.#position && prepare) {
        const position = await prepare();
        if (turn !== this.#turn) return;
        this.#position = position;
      }
      for (let changes = [null]; changes?.length;) { // a long answer comes in pieces
        const { body } = await pollOnce(url, this.#position, 0, this.#abort.signal);
        if (turn !== this.#turn) return;
        changes = body.changes;
        this.#pass(body);
      }
    } catch {
      return turn === this.#turn && this.#explain();
    }
    this.#fetched = Date.now();
    this.#tries = 0;
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const [from, message] of waiting) this.#take(from, message);
    if (!this.#waiting && this.#said.length) this.#say(...this.#said);
  }

  /** Browsers hide why it failed: ask. */
  async #explain() {
    const turn = this.#turn;
    const answer = getJSON(`${this.options.url}/access`, { cache: 'no-store', signal: this.#abort.signal });
    const access = await answer.then(({ body }) => body, ({ status }) => (status === 404 ? { exists: false } : null));
    if (turn !== this.#turn) return;
    if (access && !(access.exists && access.allowed)) {
      this.#leave();
      this.#say('refused', access);
    } else {
      this.#catchUp(1000 + Math.random() * Math.min(LONGEST_MS, 1000 * 2 ** this.#tries++));
    }
  }

  #after(name, ms, then) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(then, ms);
  }

  #say(status, detail) {
    if (status === this.status && !detail) return;
    this.status = status;
    this.options.onstatus(status, detail);
  }
}
