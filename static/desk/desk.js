/** The desk: who is here, which feed, what is being written, what is published. */
import { Feed } from '../client/feed.js';
import { api, session } from './api.js';
import { ask } from './ask.js';
import { Compose } from './compose.js';
import { Feeds } from './feeds.js';
import { calm } from './form.js';
import { Join } from './join.js';
import { drop, keptNames } from './keep.js';
import { offerEditing, openLinked, stopOffering } from './link.js';
import { People } from './people.js';
import { Rows } from './rows.js';
import { SignIn } from './signin.js';

const STATES = {
  connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', offline: 'Offline', 'catching-up': 'Catching up', refused: 'Not live',
};

const element = (id) => document.getElementById(id);
const site = document.body.dataset.site;

/** The public stream of the feed that is shown. @type {?Feed} */
let live = null;
/** What its connection said last. */
let standing = '';
let mayPublish = true;

const compose = new Compose(element('compose'), {
  onpublished: (slug, update) => slug === feeds.current?.slug && tell({ op: 'put', update }),
});
const feeds = new Feeds({ site, onchoose: choose, onstate: (feed) => compose.use(feed) });
const people = new People(element('teamlist'), { feeds: () => feeds.all });
const signIn = new SignIn(element('signin'), begin);

/** What this desk did is shown at once; the stream tells the same again, which changes nothing. */
function tell(change) {
  if (!live?.state.feed) return;
  live.state.applyAll([change]);
  live.onchange(live.state);
}

function status(text) {
  const note = element('desk').querySelector('.status');
  if (note.textContent !== text) note.textContent = text; // the same again would be read out again
}

/** What failed before is history. */
function recovered() {
  calm();
  status(standing);
}

/** @param {?object} feed */
function choose(feed) {
  live?.close();
  live = null;
  element('compose').hidden = !feed || !mayPublish;
  element('older').hidden = true;
  status((standing = ''));
  if (!feed) return;
  compose.use(feed);
  const rows = new Rows(feed, {
    list: element('rows'), rescued: element('rescued'), site, editable: mayPublish, onchange: tell,
    onreuse: (fields) => compose.take(fields),
  });
  live = new Feed({
    url: `${location.origin}/v1/feeds/${feed.slug}`,
    onchange(state) {
      rows.render(state.updates);
      element('empty').hidden = state.updates.length > 0;
      element('older').hidden = !state.next;
      feeds.heard(state.feed);
      if (mayPublish) openLinked(feed.slug, rows, status);
    },
    onstatus(name) {
      element('desk').querySelector('.status').dataset.state = name;
      status((standing = STATES[name] ?? ''));
      if (name === 'live') calm();
    },
  });
  live.start();
}

/** @param {{name: string, role: string, feeds: ?string[]}} me */
async function begin(me) {
  element('name').textContent = `${me.name} (${me.role})`;
  element('desk').hidden = false;
  const before = mayPublish;
  mayPublish = me.role !== 'contributor';
  offerEditing(me);
  element('team').textContent = me.role === 'admin' ? 'People' : 'My sessions';
  element('team').onclick = () => people.open(me);
  element('reading').hidden = mayPublish;
  if (mayPublish !== before) {
    feeds.current = null; // its list is made anew
    choose(null);
  }
  try {
    await feeds.load(me);
  } catch (error) {
    status(error.message);
  }
  if (!compose.form.hidden) compose.form.elements.text.focus();
}

async function signOut() {
  const texts = [...keptNames('draft:'), ...keptNames('edit:')];
  if (texts.length) {
    const words = 'There is text on this computer that is not published. It can wait here for you, or be removed.';
    const answer = await ask('Sign out?', words, { clear: 'Sign out and remove the text', keep: 'Sign out and keep the text' });
    if (!answer) return;
    if (answer === 'clear') texts.forEach(drop);
  }
  stopOffering();
  try {
    await api('DELETE', 'session');
  } catch (error) {
    if (error.status !== 401) return status(error.message);
  }
  location.reload();
}

element('signout').addEventListener('click', signOut);
element('older').addEventListener('click', async () => {
  try {
    await live.more();
    recovered();
  } catch {
    status('The server cannot be reached.');
  }
});
session.addEventListener('answered', recovered);
session.addEventListener('signedout', () => signIn.open('Your session has ended. Sign in again; your text is still here.'));

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
