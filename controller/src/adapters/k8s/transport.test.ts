import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, isOutcomeUnknown, isRetryable } from './api-error.ts';
import { type ApiRequest, Transport, type TransportOptions } from './transport.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => unknown;

const GET: ApiRequest = { method: 'GET', path: '/x', resource: 'x' };
const PUT: ApiRequest = { ...GET, method: 'PUT', body: { a: 1 } };
const calm = { signal: new AbortController().signal };

const realClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms: number) => {
    await sleep(ms);
  },
};

/** Runs with a transport to a server that answers so; also tells how many requests came. */
async function withServer(
  answer: Answer,
  run: (transport: Transport, count: () => number) => Promise<void>,
  options: Partial<TransportOptions> = {},
  onCredentials: () => void = () => {},
): Promise<void> {
  let count = 0;
  const server = createServer((request, response) => {
    count++;
    void answer(request, response, count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const transport = new Transport({
    access: {
      server: new URL(`http://127.0.0.1:${port}`),
      credentials: async () => {
        onCredentials();
        return { rejectUnauthorized: true, headers: { Authorization: 'Bearer t' } };
      },
    },
    clock: realClock,
    ...options,
  });
  try {
    await run(transport, () => count);
  } finally {
    transport.close();
    server.closeAllConnections();
    server.close();
  }
}

const status = (response: ServerResponse, code: number, reason = ''): void => {
  response.statusCode = code;
  response.end(JSON.stringify({ kind: 'Status', code, reason, message: 'no' }));
};

test('JSON goes out and comes back, with our credentials', async () => {
  await withServer(
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      response.end(
        JSON.stringify({ body, url: request.url, token: request.headers.authorization }),
      );
    },
    async (transport) => {
      const request = { ...PUT, body: { text: 'grün' }, query: { a: 'x y', b: undefined } };
      assert.deepEqual(await transport.request(request, calm), {
        body: { text: 'grün' },
        url: '/x?a=x+y',
        token: 'Bearer t',
      });
    },
  );
});

test('F4 Retry-After is obeyed, a few times', async () => {
  await withServer(
    (_request, response, number) => {
      if (number > 2) response.end('{}');
      else {
        response.setHeader('retry-after', '0');
        status(response, 429);
      }
    },
    async (transport, count) => {
      await transport.request(PUT, calm);
      assert.equal(count(), 3);
    },
  );
});

test('F4 a server that never stops asking for patience is given up', async () => {
  await withServer(
    (_request, response) => {
      response.setHeader('retry-after', '0');
      status(response, 503);
    },
    async (transport, count) => {
      await assert.rejects(transport.request(GET, calm), isRetryable);
      assert.equal(count(), 5);
    },
  );
});

test('a 401 makes it read its credentials again, once', async () => {
  let reads = 0;
  await withServer(
    (_request, response) => status(response, 401),
    async (transport, count) => {
      await assert.rejects(transport.request(GET, calm));
      assert.deepEqual([reads, count()], [2, 2]);
    },
    {},
    () => {
      reads++;
    },
  );
});

test('F2 a write without an answer has an unknown outcome and is not repeated', async () => {
  await withServer(
    (request) => request.socket.destroy(),
    async (transport, count) => {
      await assert.rejects(transport.request(PUT, calm), isOutcomeUnknown);
      assert.equal(count(), 1);
    },
  );
});

test('a read without an answer is repeated once', async () => {
  await withServer(
    (request, response, number) => (number === 1 ? request.socket.destroy() : response.end('{}')),
    async (transport, count) => {
      await transport.request(GET, calm);
      assert.equal(count(), 2);
    },
  );
});

test('a refusal is certain', async () => {
  await withServer(
    (_request, response) => status(response, 409, 'Conflict'),
    async (transport) => {
      await assert.rejects(
        transport.request(PUT, calm),
        (error) => isConflict(error) && !isOutcomeUnknown(error),
      );
    },
  );
});

test('F4 a server that says nothing is given up in time', async () => {
  await withServer(
    () => {},
    async (transport) => {
      await assert.rejects(transport.request({ ...PUT, timeoutMs: 50 }, calm), isOutcomeUnknown);
    },
  );
});

const FOREIGN: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'a page to log in at': (response) => response.end('<html>Log in</html>'),
  'a redirect': (response) => response.writeHead(302, { location: 'https://login/' }).end(),
  nothing: (response) => response.end(),
  null: (response) => response.end('null'),
};

for (const [what, answer] of Object.entries(FOREIGN)) {
  test(`U ${what} is no answer of an API server, and a write may have come through`, async () => {
    await withServer(
      (_, response) => answer(response),
      async (transport) => {
        const message = /what answers there is no Kubernetes API server: "/;
        await assert.rejects(transport.request(GET, calm), (error) => {
          assert.match(String(error), message);
          return isRetryable(error) && !isOutcomeUnknown(error);
        });
        await assert.rejects(transport.request(PUT, calm), isOutcomeUnknown);
      },
    );
  });
}

test('U whoever waits for a slow answer is told so, and the answer still counts', async () => {
  const slow = Promise.withResolvers<void>();
  await withServer(
    async (_, response) => {
      await slow.promise;
      response.end('{"ok":true}');
    },
    async (transport) => {
      const answer = await transport.request(GET, calm);
      assert.deepEqual(answer, { ok: true });
    },
    { onSlow: slow.resolve },
  );
});

test('F4 an answer that stops in the middle is given up in time', async () => {
  await withServer(
    (_request, response) => void response.write('{"a":'),
    async (transport) => {
      await assert.rejects(transport.request({ ...PUT, timeoutMs: 80 }, calm), isOutcomeUnknown);
    },
  );
});

test('an abort ends a read, but a write that was sent is waited for', async () => {
  await withServer(
    (_request, response) => void setTimeout(() => response.end('{"done":true}'), 60),
    async (transport) => {
      const stop = new AbortController();
      const read = transport.request(GET, { signal: stop.signal });
      const write = transport.request(PUT, { signal: stop.signal });
      await sleep(20);
      stop.abort();
      await assert.rejects(read);
      assert.deepEqual(await write, { done: true });
      await assert.rejects(transport.request(PUT, { signal: stop.signal }));
    },
  );
});

test('F8 what must hold before a write is checked after the waiting for a connection', async () => {
  let mayWrite = true;
  await withServer(
    (_request, response) => void setTimeout(() => response.end('{}'), 30),
    async (transport, count) => {
      const first = transport.request(PUT, calm);
      const second = transport.request(PUT, calm);
      await sleep(10);
      mayWrite = false;
      await first;
      await assert.rejects(second, /not any more/);
      assert.equal(count(), 1);
    },
    {
      connections: 1,
      beforeWrite: () => {
        if (!mayWrite) throw new Error('not any more');
      },
    },
  );
});

test('an abort right after a complete answer disturbs nobody', async () => {
  await withServer(
    (_request, response) => response.end('{}\n'),
    async (transport) => {
      for (let i = 0; i < 50; i++) {
        const stop = new AbortController();
        const response = await transport.stream(GET, { signal: stop.signal });
        for await (const _ of response) {
          stop.abort();
          break;
        }
        await transport.request(GET, calm);
      }
    },
  );
});
