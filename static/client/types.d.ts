// The shapes on the wire and between the modules, for editors and type checkers; no page loads this file.

export interface Position { epoch: string; offset: number }

export interface Update {
  id: string; rev: number; time: string; published: string; title: string | null; headline: string; html: string;
  author: string | null; tags: string[]; link: { url: string; label: string | null } | null;
  image: { url: string; alt?: string; width?: number; height?: number; caption?: string; credit?: string } | null;
  breaking: boolean; key: boolean; pinned: boolean; edited: string | null; correction: string | null;
}

/** Where an update stands in a list. */
export interface Place { id: string; time: string }

export interface KeyEvent { id: string; time: string; headline: string }

export interface FeedInfo {
  slug: string; title: string; description: string | null; lang: string; timezone: string; status: 'open' | 'closed' | 'draft';
}

export interface Page {
  feed: FeedInfo; position: string; updates: Update[]; pinned: Update[]; key: KeyEvent[]; next: string | null; prev: string | null;
}

export interface Change { op: string; update?: Update; id?: string; time?: string; feed?: FeedInfo }

export interface Message {
  type: string; position?: string; recovered?: boolean; changes?: Change[]; snapshot?: Page;
  after?: number; change?: Change; readers?: number; reason?: string; retry?: number | null;
}

/** What a transport tells; `end` once, when it is over. */
export interface Sink { message(message: Message | null): void; end(why: { code?: number; retryMs?: number }): void }

/** Why a reader was told not to come back: `/access`, a close code, or a `bye`. */
export interface Refusal { exists?: boolean; allowed?: boolean; status?: string | null; code?: number; reason?: string }

export interface ConnectionOptions {
  /** of the feed's API, absolute */ url: string;
  position?: string | null;
  transports?: string[];
  /** what tells why nothing came, instead of `${url}/access` */ access?(): Promise<Refusal | null>;
  /** what to do first while there is no position; gives one */ prepare?(): Promise<string>;
  onmessage(message: Message): void;
  /** `detail`: when it tries again (ms since 1970), or why it does not */ onstatus?(status: string, detail?: { retryAt: number } | Refusal): void;
  /** where to keep what worked */ memory?: Pick<Map<string, string>, 'get' | 'set'>;
}

export interface FeedOptions {
  url: string; page?: Page; limit?: number; query?: { tag?: string; key?: string; order?: 'oldest' };
  transports?: string[]; memory?: ConnectionOptions['memory'];
  /** makes the connection, where it shall be another */ connect?(options: ConnectionOptions): import('./connection.js').Connection;
  /** the ids of what is being read, to begin anew around; none: the top */ place?(): string[];
  onchange(state: import('./state.js').State): void;
  onstatus: NonNullable<ConnectionOptions['onstatus']>;
}
