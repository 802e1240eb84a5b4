// HTTP as other programs speak it: curl, and requests from a loopback address of the test's choice. It judges nothing.

import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';

import type { ApiAnswer } from './call-api.ts';

const run = promisify(execFile);

export interface CurlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** `curl -X POST` with a JSON body. */
export async function curlPost(url: string, body: object): Promise<CurlAnswer> {
  const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
  const { stdout } = await run('curl', ['-s', '-w', '\n%{http_code}', '-X', 'POST', url, ...json]);
  const [text = '', status = ''] = stdout.split(/\n(?=[0-9]+$)/);
  return { status: Number(status), body: JSON.parse(text) as CurlAnswer['body'] };
}

/** As ask() of call-api.ts, from another address of this machine. */
export function askFrom(
  localAddress: string,
  url: string,
  target: string,
  { body, token }: { readonly body?: object; readonly token?: string } = {},
): Promise<Pick<ApiAnswer, 'status' | 'body'>> {
  const [method = 'GET', path = ''] = target.split(' ');
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(text === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers, localAddress }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.on('error', reject);
      response.on('end', () => {
        const parsed = JSON.parse(answer === '' ? '{}' : answer) as ApiAnswer['body'];
        resolve({ status: response.statusCode ?? 0, body: parsed });
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });
}

/** What every Matrix client does all the time, and by which a gateway learns who is at an address. */
export async function syncFrom(localAddress: string, url: string, token: string): Promise<void> {
  const { status } = await askFrom(localAddress, url, 'GET /_matrix/client/v3/sync?timeout=0', { token });
  if (status !== 200) throw new Error(`sync: ${status}`);
}
