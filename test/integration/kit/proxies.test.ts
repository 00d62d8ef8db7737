import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type FaultProxy, startFaultProxy } from '../../kit/fault-proxy.ts';
import { startTcpProxy, type TcpProxy } from '../../kit/tcp-proxy.ts';
import { waitFor } from '../../kit/wait.ts';

describe('the fault proxy before a plain HTTP server', () => {
  // Answers with the Host header and the hash of what it got, as a store with signatures would.
  const server = createServer((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.once('end', () => {
      response.end(`${request.headers.host} ${hash.digest('hex')}`);
    });
  });
  let proxy: FaultProxy;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    proxy = await startFaultProxy({ upstream, keepBodies: false });
  });
  after(async () => {
    await proxy.close();
    server.close();
  });

  const put = async (body: Buffer): Promise<string> => {
    const request = httpRequest(`${proxy.url}/bucket/key`, {
      method: 'PUT',
      headers: { host: 'store.example:9000', expect: '100-continue' },
    });
    request.end(body);
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };

  test('bodies stream byte for byte and the Host header stays', async () => {
    const body = randomBytes(3 << 20);
    const hash = createHash('sha256').update(body).digest('hex');
    assert.equal(await put(body), `store.example:9000 ${hash}`);
    assert.equal(proxy.writes.at(-1)?.body, '');
  });

  test('F15 a store is slow to answer or refuses', async () => {
    const remove = proxy.addRule({
      match: { methods: ['PUT'] },
      fault: { kind: 'answer', status: 503 },
    });
    await put(Buffer.from('x'));
    assert.equal(proxy.writes.at(-1)?.clientStatus, 503);
    remove();
  });
});

describe('the TCP proxy', () => {
  const server = createTcp((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  let proxy: TcpProxy;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
  });
  after(async () => {
    await proxy.close();
    server.close();
  });

  // events.once would reject with the reset that is expected here.
  const closeOf = (socket: Socket) =>
    new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
    });
  const open = async () => {
    const socket: Socket = connect(proxy.port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
    });
    socket.on('error', () => {});
    const closed = closeOf(socket);
    await once(socket, 'connect');
    return { socket, closed, received: () => received };
  };
  const gets = ({ received }: { received: () => string }, text: string) =>
    waitFor(() => received() === text, { what: `the echo is ${text}`, timeoutMs: 5_000 });

  test('F10 it freezes and thaws, without losing a byte', async () => {
    const echo = await open();
    echo.socket.write('one ');
    await gets(echo, 'one ');
    proxy.set({ frozen: true });
    echo.socket.write('two');
    const other = await open();
    assert.equal(echo.received(), 'one ');
    proxy.set({ frozen: false });
    await gets(echo, 'one two');
    echo.socket.destroy();
    other.socket.destroy();
  });

  test('F10 it throttles', async () => {
    const echo = await open();
    proxy.set({ bytesPerSecond: 10_000 });
    const began = performance.now();
    echo.socket.write('x'.repeat(3_000));
    await gets(echo, 'x'.repeat(3_000));
    proxy.set({ bytesPerSecond: undefined });
    assert.ok(performance.now() - began >= 280);
    echo.socket.destroy();
  });

  test('F10 it cuts all connections and refuses new ones', async () => {
    const echoes = await Promise.all([open(), open()]);
    proxy.set({ refusing: true });
    proxy.cutAll();
    await Promise.all(echoes.map(({ closed }) => closed));
    const refused = connect(proxy.port, '127.0.0.1');
    refused.on('error', () => {});
    await closeOf(refused);
    proxy.set({ refusing: false });
    const echo = await open();
    echo.socket.write('back');
    await gets(echo, 'back');
    echo.socket.destroy();
  });
});
