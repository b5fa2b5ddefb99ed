// Readers with Node's `ws`, `eventsource` and fetch: node node.mjs URL FEED. A JSON line for all that happens.
import {EventSource} from 'eventsource';
import {WebSocket} from 'ws';

const [url, feed] = process.argv.slice(2);
const path = `${url}/v1/feeds/${feed}`;

function sayer(transport, packed) {
    const reader = `${transport} ${packed ? 'compressed' : 'plain'}`;
    return what => console.log(JSON.stringify({reader, ...what}));
}

function socket(packed) {
    const say = sayer('websocket', packed);
    const socket = new WebSocket(`${path.replace('http', 'ws')}/socket`, {perMessageDeflate: packed});
    socket.on('open', () => say({packed: socket.extensions === 'permessage-deflate'}));
    socket.on('message', data => say({message: JSON.parse(data)}));
    socket.on('close', code => say({end: code}));
    socket.on('error', error => say({error: String(error)}));
}

function events(packed) {
    const say = sayer('sse', packed);
    const ask = async (address, init) => {
        const encoding = packed ? {} : {'Accept-Encoding': 'identity'}; // Node offers gzip by itself
        const answer = await fetch(address, {...init, headers: {...init.headers, ...encoding}});
        say({packed: answer.headers.get('content-encoding') === 'gzip', status: answer.status});
        return answer;
    };
    const source = new EventSource(`${path}/events`, {fetch: ask});
    for (const type of ['sync', 'change', 'ping', 'bye'])
        source.addEventListener(type, event => say({message: JSON.parse(event.data)}));
    source.onerror = error => say({end: source.readyState === 2 ? `gave up: ${error.code}` : 'comes back'});
}

async function polls(packed) {
    const say = sayer('poll', packed);
    const headers = packed ? {} : {'Accept-Encoding': 'identity'};
    for (let after = ''; ; ) {
        const answer = await fetch(`${path}/changes?wait=25${after}`, {headers});
        if (!answer.ok) return say({end: answer.status});
        const message = await answer.json();
        say({message});
        after = `&after=${message.position}`;
    }
}

for (const packed of [false, true]) {
    socket(packed);
    events(packed);
    polls(packed).catch(error => sayer('poll', packed)({end: String(error)}));
}
