// SPDX-FileCopyrightText: 2026 The aiodag authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Fetches many documents from a server that does not have all of them, and goes on with the others.
//
//   fetch index --- list --- fetch 1 --- count --+
//                        +-- fetch 2 --- count --+
//                        +-- ...                 +-- summarize --- close
//                        +-- fetch 60 -- count --+                 |
//                                                                  |
//   fetch from one mirror ----+                                    |
//                             +-- any ---------- praise -----------+
//   fetch from another one ---+
//
// The server is one of libsoup's, on this machine.

import Dag from 'gi://Dag?version=1';
import GLib from 'gi://GLib';
import Gio from 'gi://Gio';
import Soup from 'gi://Soup?version=3.0';

Gio._promisify(Soup.Session.prototype, 'send_and_read_async', 'send_and_read_finish');

const N_DOCUMENTS = 60;

// The server

const server = new Soup.Server();
server.listen_local(0, Soup.ServerListenOptions.IPV4_ONLY);
const port = server.get_uris()[0].get_port();

function respond(message, text) {
    message.set_status(Soup.Status.OK, null);
    message.set_response('text/plain', Soup.MemoryUse.COPY, new TextEncoder().encode(text));
}

server.add_handler('/index', (_server, message) => {
    const paths = Array.from({length: N_DOCUMENTS}, (_, i) => `/document/${i + 1}`);
    respond(message, paths.join('\n'));
});

let nBusy = 0;
server.add_handler('/document', (_server, message, path) => {
    const number = Number(path.split('/').at(-1));
    if (number % 20 === 7)
        message.set_status(Soup.Status.NOT_FOUND, null);
    else if (number === 33 && nBusy++ < 2)
        message.set_status(Soup.Status.SERVICE_UNAVAILABLE, null);
    else if (number === 50)
        message.set_status(Soup.Status.INTERNAL_SERVER_ERROR, null);
    else
        respond(message, 'word '.repeat(number));
});

server.add_handler('/mirror/quick', (_server, message) => respond(message, 'a good server'));
server.add_handler('/mirror/stuck', (_server, message) => message.pause());

// What is done with its documents. None of these functions knows of another.

const session = new Soup.Session({max_conns: 20, max_conns_per_host: 20});

const fetch = Dag.task(async function fetch(path) {
    const message = Soup.Message.new('GET', `http://127.0.0.1:${port}${path}`);
    const bytes = await session.send_and_read_async(message, GLib.PRIORITY_DEFAULT,
        Dag.current().get_cancellable());
    if (message.get_status() !== Soup.Status.OK) {
        const error = new Error(`${path}: ${message.get_status()} ${message.get_reason_phrase()}`);
        throw Object.assign(error, {status: message.get_status()});
    }
    return new TextDecoder().decode(bytes.get_data());
}, {
    // No more than twenty at once, and if the server is busy, again after a pause.
    limiter: new Dag.Limiter({limit: 20}),
    retry: {attempts: 5, delay: 10, when: error => error.status === Soup.Status.SERVICE_UNAVAILABLE},
});

const count = Dag.task(function count(text) {
    return text.split(' ').filter(word => word).length;
});

// Makes tasks when it is known which. It has the tasks themselves, finished in whatever way.
const countAll = Dag.task(function countAll(index) {
    return Dag.settled(index.split('\n').map(path => count(fetch(path))));
});

const summarize = Dag.task(function summarize(counts) {
    let nDocuments = 0;
    let nWords = 0;
    for (const each of counts) {
        try {
            nWords += each.result();
            nDocuments++;
        } catch (error) {
            print(error.message);
        }
    }
    print(`${nWords} words in ${nDocuments} of ${counts.length} documents`);
});

const praise = Dag.task(function praise(text) {
    print(`the mirror that answered first has ${text}`);
});

const close = Dag.task(function close() {
    session.abort();
    server.disconnect();
    print('closed');
});

const summary = summarize(countAll(fetch('/index')));

// The one that is stuck is cancelled when the other one has answered.
const mirrors = Dag.any([fetch('/mirror/stuck'), fetch('/mirror/quick')], {cancelOthers: true});
const praised = Dag.task(praise, {after: [summary]})(mirrors);

Dag.run(Dag.task(close, {after: [Dag.finished(summary), Dag.finished(praised)]})());
