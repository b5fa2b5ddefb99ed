/** The desk: who is here, which feed, what is being written, what is published. */
import { Feed } from '../client/feed.js';
import { words } from '../ticker/words.js';
import { api, session } from './api.js';
import { ask } from './ask.js';
import { Compose } from './compose.js';
import { Feeds } from './feeds.js';
import { drop, keptNames } from './keep.js';
import { Rows } from './rows.js';
import { SignIn } from './signin.js';

const element = (id) => document.getElementById(id);
const site = document.body.dataset.site;

/** The public stream of the feed that is shown. @type {?Feed} */
let live = null;

const compose = new Compose(element('compose'), {
  onpublished: (slug, update) => slug === feeds.current?.slug && tell({ op: 'put', update }),
});
const feeds = new Feeds({ site, onchoose: choose, onstate: (feed) => compose.use(feed) });
const signIn = new SignIn(element('signin'), begin);

/** What this desk did is shown at once; the stream tells the same again, which changes nothing. */
function tell(change) {
  if (!live?.state.feed) return;
  live.state.apply(change);
  live.onchange(live.state);
}

function status(text) {
  element('desk').querySelector('.status').textContent = text;
}

/** @param {?object} feed */
function choose(feed) {
  live?.close();
  live = null;
  element('compose').hidden = !feed;
  element('older').hidden = true;
  status('');
  if (!feed) return;
  compose.use(feed);
  const rows = new Rows(feed, {
    list: element('rows'), rescued: element('rescued'), site, onchange: tell, onreuse: (fields) => compose.take(fields),
  });
  live = new Feed({
    url: `${location.origin}/v1/feeds/${feed.slug}`,
    onchange(state) {
      rows.render(state.updates);
      element('empty').hidden = state.updates.length > 0;
      element('older').hidden = !state.next;
      feeds.heard(state.feed);
    },
    onstatus(name) {
      element('desk').querySelector('.status').dataset.state = name;
      status(words.status[name === 'ended' ? 'closed' : name] ?? '');
    },
  });
  live.start();
}

/** @param {{name: string, role: string, feeds: ?string[]}} me */
async function begin(me) {
  element('name').textContent = `${me.name} (${me.role})`;
  element('desk').hidden = false;
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
  } catch {
    status('The server cannot be reached.');
  }
});
session.addEventListener('signedout', () => signIn.open('Your session has ended. Sign in again; your text is still here.'));

/** An invite's secret stands behind the #, where no server sees it, and is spent by a click, not by opening the link. */
async function join(invite) {
  const asked = 'This invite lets you in once, on this device.';
  if ((await ask('Join the desk?', asked, { join: 'Join', no: 'Not now' })) !== 'join') return api('GET', 'session');
  history.replaceState(null, '', '/desk');
  return api('POST', 'join', { body: { invite } });
}

/** The first look: an invite is redeemed, an open session goes on. */
async function start() {
  const invite = location.pathname.endsWith('/join') && location.hash.slice(1);
  try {
    await begin(await (invite ? join(invite) : api('GET', 'session')));
  } catch (error) {
    signIn.open(error.status === 401 && !invite ? '' : error.message);
  }
}

start();
