import { request as httpRequest } from 'node:http';

/** Calls etcd's JSON gateway on its Unix socket: `POST /v3/<method>`. */
async function call(
  socketPath: string,
  method: string,
  body: object,
): Promise<{ readonly header?: { readonly revision: string } }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({ socketPath, method: 'POST', path: `/v3/${method}` }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.once('error', reject);
    response.once('end', () => {
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`etcd ${method} answered ${response.statusCode}: ${text}`));
    });
  });
  request.once('error', reject);
  request.end(JSON.stringify(body));
  return JSON.parse(await promise) as { header?: { revision: string } };
}

/** The newest revision in etcd, which is the newest resourceVersion of the API server. */
export async function etcdRevision(socketPath: string): Promise<number> {
  const key = Buffer.from('\0').toString('base64');
  const answer = await call(socketPath, 'kv/range', { key, count_only: true });
  return Number(answer.header?.revision);
}

/** Forgets every revision before `revision`; what still asks for one gets 410 Gone. */
export async function compactEtcd(socketPath: string, revision: number): Promise<void> {
  await call(socketPath, 'kv/compaction', { revision: String(revision), physical: true });
}
