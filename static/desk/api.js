/**
 * The editors' API, with the session's cookie. Whatever goes wrong becomes an ApiError whose message is for the editor.
 */
import { clock } from './clock.js';

const TIMEOUT_MS = 20_000;

const UNREACHABLE = 'The server cannot be reached. Nothing is lost: try again in a moment.';

/** Where the API's own words are for programs. */
const WORDS = {
  '/problems/store-unavailable': 'The server cannot reach its store. Nothing is lost: try again in a moment.',
  '/problems/store-unconfirmed': 'It is written, but not confirmed by enough copies yet. Try again: it will not be there twice.',
};

export class ApiError extends Error {
  /** @param {number} status 0: no answer came @param {object} [problem] as RFC 9457 has it */
  constructor(status, problem = {}) {
    super(WORDS[problem.type] || problem.detail || problem.title || (status ? `The server answered ${status}.` : UNREACHABLE));
    this.status = status;
    this.problem = problem;
    /** @type {{field: string, message: string}[]} */
    this.fields = Array.isArray(problem.errors) ? problem.errors : [];
    /** Of the server, not of what was sent: over when it works again. */
    this.passing = status === 0 || status === 429 || status >= 500;
  }
}

/** Tells `signedout` when a session has ended, and `answered` when a request has worked. */
export const session = new EventTarget();

/** An Idempotency-Key; `crypto.randomUUID` is missing where the page came by plain HTTP. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

async function read(response, asText) {
  try {
    const text = await response.text();
    return asText && response.ok ? text : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} method @param {string} path @param {{body?: unknown, file?: Blob, key?: string, rev?: number, patch?: boolean, asText?: boolean,
 *   timeout_ms?: number, signal?: AbortSignal}} [options]
 *   `file`: what is sent as it is; `key`: the Idempotency-Key; `rev`: the revision that this is meant for
 * @returns {Promise<any>} the answer's JSON, or its text
 * @throws {ApiError}
 */
export async function api(method, path, { body, file, key, rev, patch = false, asText = false, timeout_ms = TIMEOUT_MS, signal } = {}) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = patch ? 'application/merge-patch+json' : 'application/json';
  if (file) headers['Content-Type'] = 'application/octet-stream';
  if (key) headers['Idempotency-Key'] = key;
  if (rev) headers['If-Match'] = `"${rev}"`;
  let response;
  let answer;
  try {
    const ended = AbortSignal.timeout(timeout_ms);
    const json = body === undefined ? undefined : JSON.stringify(body);
    const options = { method, headers, body: file ?? json, credentials: 'same-origin', cache: 'no-store' };
    const sent = Date.now();
    response = await fetch(`/v1/${path}`, { ...options, signal: signal ? AbortSignal.any([signal, ended]) : ended });
    clock.answered(response.headers.get('date'), sent, Date.now());
    answer = await read(response, asText);
  } catch {
    throw new ApiError(0);
  }
  if (response.ok) {
    session.dispatchEvent(new Event('answered'));
    return answer;
  }
  if (response.status === 401 && !['session', 'join'].includes(path)) session.dispatchEvent(new Event('signedout'));
  throw new ApiError(response.status, answer);
}

/** @param {string} feed @param {string} [id] */
export const updatePath = (feed, id) => `feeds/${encodeURIComponent(feed)}/updates${id ? `/${encodeURIComponent(id)}` : ''}`;

/** @param {string} feed @param {string} [id] @param {string} [step] as submit */
export const itemPath = (feed, id, step) => ['feeds', feed, 'items', id, step].filter(Boolean).map(encodeURIComponent).join('/');
