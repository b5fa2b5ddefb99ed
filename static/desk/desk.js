/** The desk: who is here, which feed, what is being written, what is published. */
import { Feed } from '../client/feed.js';
import { api, session } from './api.js';
import { ask } from './ask.js';
import { Compose } from './compose.js';
import { effect } from './effect.js';
import { Feeds } from './feeds.js';
import { BLANK, calm, raw, say, toLocal } from './form.js';
import { Join } from './join.js';
import { drop, keptNames } from './keep.js';
import { offerEditing, openLinked, stopOffering } from './link.js';
import { People } from './people.js';
import { presence } from './presence.js';
import { Rows } from './rows.js';
import { Shortcuts } from './shortcuts.js';
import { SignIn } from './signin.js';
import { Standing } from './standing.js';
import { equip } from './tools.js';
import { Writing } from './writing.js';

const element = (id) => document.getElementById(id);
const ENDED = 'Your session has ended. Sign in again; your text is still here.';
const site = document.body.dataset.site;

/** So long the stream has to bring back what was published here; then the answer counts. */
const PATIENCE_MS = 3000;

/** The public stream of the feed that is shown. @type {?Feed} */
let live = null;
/** What is published. @type {?Rows} */
let rows = null;
/** What is not published. @type {?Writing} */
let writing = null;
/** @type {?{name: string, role: string, feeds: ?string[]}} */
let who = null;
let mayPublish = true;
/** Signing out: that streams end is no news. */
let leaving = false;

const standing = new Standing(element('desk').querySelector('.status'), element('desk').querySelector('.retry'));
const act = (name) => writing?.form.act(name);
const compose = new Compose(element('compose'), { onact: act, onchange: () => writing?.render() });
compose.tools = equip(compose.form, {
  feed: () => feeds.current,
  ondrafts: (entries) => writing?.drafts(entries, ({ time, text }) => ({ ...BLANK, author: raw(compose.form).author, text, time: toLocal(time.toISOString()) })),
});
const feeds = new Feeds({ site, onchoose: choose, onstate: show });
const people = new People(element('teamlist'), { feeds: () => feeds.all });
const signIn = new SignIn(element('signin'), begin);
new Shortcuts({ onact: act });

/** What this desk did is shown at once; the stream tells the same again, which changes nothing. */
function tell(change, slug = feeds.current?.slug) {
  if (!live?.state.feed || slug !== feeds.current?.slug) return;
  live.state.applyAll([change]);
  live.onchange(live.state);
}

/** What failed before is history. */
function recovered() {
  calm();
  standing.say();
}

/** What the feed says of itself. @param {object} feed */
function show(feed) {
  writing?.renew(feed);
  element('closed').hidden = feed.status !== 'closed';
  compose.form.querySelector('.primary').disabled = mayPublish && feed.status === 'closed';
  const held = mayPublish && feed.hold_s > 0 && feed.status !== 'closed';
  compose.form.querySelector('.hold').textContent = held ? `Goes out ${feed.hold_s} s after Publish; until then it can be cancelled.` : '';
}

/** @param {?object} feed */
function choose(feed) {
  live?.close();
  writing?.close();
  live = writing = null;
  presence.at(null);
  compose.form.hidden = !feed;
  element('older').hidden = true;
  standing.clear();
  if (!feed) return;
  rows = new Rows(feed, {
    list: element('rows'), rescued: element('rescued'), site, editable: mayPublish, onchange: tell,
    onreuse: (fields) => compose.take(fields),
    onediting: (id, begins) => presence.edit(id, begins),
    editors: (id) => presence.editors(id),
  });
  live = new Feed({
    url: `${location.origin}/v1/feeds/${feed.slug}`,
    onchange(state) {
      rows.render(state.updates);
      effect.look(state.updates);
      element('empty').hidden = state.updates.length > 0;
      element('older').hidden = !state.next;
      feeds.heard(state.feed);
      if (mayPublish) openLinked(feed.slug, rows, (text) => say(document.querySelector('.tools'), text));
    },
    onstatus: (name, detail) => heard('feed', name, detail),
  });
  writing = new Writing(feed, who, {
    compose,
    onpublished: (update) => setTimeout(tell, standing.isLive ? PATIENCE_MS : 0, { op: 'put', update }, feed.slug),
    ondeleted: (id, time) => tell({ op: 'delete', id, time }, feed.slug),
    onstatus: (name, detail) => heard('desk', name, detail),
    onrevoked: signedOut,
  });
  show(feed);
  live.start();
  writing.start();
}

function heard(part, name, detail) {
  standing.heard(part, name, detail);
  if (standing.isLive) calm();
}

/** @param {{name: string, role: string, feeds: ?string[]}} me */
async function begin(me) {
  element('name').textContent = `${me.name} (${me.role})`;
  element('desk').hidden = false;
  const changed = JSON.stringify(me) !== JSON.stringify(who);
  who = me;
  mayPublish = me.role !== 'contributor';
  offerEditing(me);
  element('team').textContent = me.role === 'admin' ? 'People' : 'My sessions';
  element('team').onclick = () => people.open(me);
  compose.shape(mayPublish);
  if (changed) {
    feeds.current = null; // its lists are made anew
    choose(null);
  }
  try {
    await feeds.load(me);
  } catch (error) {
    standing.say(error.message);
  }
  if (!compose.form.hidden) compose.focus();
}

/** By somebody else, or by time. */
function signedOut() {
  if (!leaving) signIn.open(ENDED);
}

async function signOut() {
  const texts = [...keptNames('item:'), ...keptNames('edit:')];
  if (texts.length) {
    const words = 'There is text on this computer that is not published. It can wait here for you, or be removed from here. '
      + 'Drafts that the server has stay there.';
    const answer = await ask('Sign out?', words, { clear: 'Sign out and remove the text', keep: 'Sign out and keep the text' });
    if (!answer) return;
    if (answer === 'clear') {
      writing?.close();
      compose.leave()?.close();
      [...keptNames('item:'), ...texts, 'author'].forEach(drop);
    }
  }
  leaving = true;
  stopOffering();
  try {
    await api('DELETE', 'session');
  } catch (error) {
    leaving = false;
    if (error.status !== 401) return standing.say(error.message);
  }
  location.reload();
}

element('signout').addEventListener('click', signOut);
element('older').addEventListener('click', async () => {
  try {
    await live.more();
    recovered();
  } catch {
    standing.say('The server cannot be reached.');
  }
});
session.addEventListener('answered', recovered);
presence.addEventListener('change', () => {
  rows?.people();
  const { names } = presence;
  element('people').textContent = names.length > 1 ? `At the desk: ${names.join(', ')}` : '';
});
effect.addEventListener('seen', ({ detail: { id } }) => rows?.took(id));
element('sent').addEventListener('click', ({ target }) => target.closest('[data-act]') && act('undo'));
session.addEventListener('signedout', signedOut);

/** An open session goes on. */
async function start() {
  try {
    await begin(await api('GET', 'session'));
  } catch (error) {
    signIn.open(error.status === 401 ? '' : error.message);
  }
}

if (Join.isWanted) new Join(element('join'), (me) => (me ? begin(me) : signIn.open())).open();
else start();
