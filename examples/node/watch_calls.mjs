// Watches a customer's live calls through Portico, and survives everything that can happen to a stream.
//
//     npm install
//     node watch_calls.mjs --customer 1 [--gateway 127.0.0.1:50051] [--events N]
//
// Prints a line for each change. The rules it follows are in docs/watch.md.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const proto = fileURLToPath(new URL('../../proto', import.meta.url));
const definition = loader.loadSync('porta/customerextension/v1/customer_extension.proto', {
  includeDirs: [proto],
  keepCase: true,
  longs: String,
  enums: String,
  oneofs: true,
  defaults: true,
});
const { porta } = grpc.loadPackageDefinition(definition);
const Service = porta.customerextension.v1.CustomerExtensionService;

const FINAL = new Set([
  grpc.status.INVALID_ARGUMENT,
  grpc.status.NOT_FOUND,
  grpc.status.PERMISSION_DENIED,
  grpc.status.UNIMPLEMENTED,
]);

const seconds = (duration) => (duration ? Number(duration.seconds) + duration.nanos / 1e9 : 0);

function line(sign, call) {
  const since = call.connect_time
    ? new Date(Number(call.connect_time.seconds) * 1000).toISOString()
    : 'ringing';
  return `${sign} ${call.extension_number.padStart(6)}  ${call.cli} -> ${call.cld}  ${since}`;
}

/** The current calls by key, as of `version`. */
class Calls {
  calls = new Map();
  parts = null; // the calls of a snapshot whose last part has not come yet
  version = '0';
  token = Buffer.alloc(0);
  heartbeat = 5;

  /** Applies one event and gives the lines that tell of it. */
  apply(event) {
    const lines = this[event.event]?.(event[event.event], event) ?? [];
    this.version = event.version;
    // Empty in all parts of a snapshot but the last.
    if (event.resume_token.length > 0) this.token = event.resume_token;
    return lines;
  }

  snapshot(snapshot) {
    const parts = this.parts ?? new Map();
    for (const call of snapshot.calls) parts.set(call.key, call);
    this.parts = snapshot.more ? parts : null;
    if (snapshot.more) return [];
    const before = this.calls;
    this.calls = parts;
    return [
      `= ${parts.size} calls (${snapshot.reason})`,
      ...[...parts.values()].filter((call) => !before.has(call.key)).map((call) => line('+', call)),
      ...[...before.values()].filter((call) => !parts.has(call.key)).map((call) => line('-', call)),
    ];
  }

  delta(delta) {
    if (delta.from_version !== this.version) {
      throw new Error(`a delta from ${delta.from_version} at version ${this.version}`);
    }
    const lines = [];
    for (const [sign, calls] of [['+', delta.started], ['~', delta.updated]]) {
      for (const call of calls) {
        this.calls.set(call.key, call);
        lines.push(line(sign, call));
      }
    }
    for (const call of delta.ended) {
      this.calls.delete(call.key);
      lines.push(line('-', call));
    }
    return lines;
  }

  bookmark(bookmark) {
    this.heartbeat = seconds(bookmark.next_within);
    return [];
  }

  feed_state(_, event) {
    return [`! ${event.freshness}`];
  }

  goodbye(goodbye) {
    return [`! goodbye: ${goodbye.reason}`];
  }
}

/** Prints as long as one stream lasts; resolves with how many seconds to wait before the next. */
function watch(gateway, customer, calls, print) {
  // A connection of its own each time: after a goodbye the old one leads to a gateway that stops.
  const client = new Service(gateway, grpc.credentials.createInsecure(), {
    'grpc-node.flow_control_window': 65536,
    'grpc.keepalive_time_ms': 30000,
    'grpc.use_local_subchannel_pool': 1,
  });
  calls.heartbeat = 5;
  calls.parts = null;
  const stream = client.ActiveCalls({
    i_customer: customer,
    resume_token: calls.token,
    heartbeat: { seconds: 5, nanos: 0 },
  });
  return new Promise((resolve, reject) => {
    let timer;
    let wait = null;
    const finish = (settle, value) => {
      clearTimeout(timer);
      stream.cancel();
      client.close();
      settle(value);
    };
    // A connection can be dead without an error: this much silence says so.
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(reject, new Error('silence')), (2.5 * calls.heartbeat + 5) * 1000);
    };
    listen();
    stream.on('data', (event) => {
      listen();
      try {
        for (const text of calls.apply(event)) print(text);
      } catch (error) {
        calls.token = Buffer.alloc(0);
        finish(reject, error);
      }
      if (event.event === 'goodbye') wait = seconds(event.goodbye.reconnect_after);
    });
    stream.on('error', (error) => (wait === null ? finish(reject, error) : finish(resolve, wait)));
    stream.on('end', () => finish(resolve, wait ?? 0));
  });
}

const { values } = parseArgs({
  options: {
    gateway: { type: 'string', default: '127.0.0.1:50051' },
    customer: { type: 'string' },
    events: { type: 'string', default: '0' },
  },
});

const calls = new Calls();
let failures = 0;
let printed = 0;
const print = (text) => {
  if (printed === Number(values.events) && printed > 0) return;
  console.log(text);
  failures = 0;
  printed += 1;
  if (printed === Number(values.events)) process.exit(0);
};
for (;;) {
  try {
    await sleep(1000 * (await watch(values.gateway, values.customer, calls, print)));
  } catch (error) {
    if (FINAL.has(error.code)) {
      console.error(`${grpc.status[error.code]}: ${error.details}`);
      process.exit(1);
    }
    print(`! away: ${error.code === undefined ? error.message : grpc.status[error.code]}`);
    // What is known stays known, and is shown as old: never an empty table for "don't know".
    failures += 1;
    await sleep(Math.random() * 1000 * Math.min(30, 0.5 * 2 ** Math.min(failures, 6)));
  }
}
