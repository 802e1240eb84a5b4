// What tus clients say in their heads: what is taken, and with which words the rest is refused.

import t from 'tap';

import { readAddition, readCreation, speaksTus } from '../../../src/recording/requests.ts';

const TUS = { 'tus-resumable': '1.0.0' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const typed = (type: string): string => `filetype ${base64(type)}`;

await t.test('a creation says its type, and how long it will be or that nobody knows', async (t) => {
  const deferred = { ...TUS, 'upload-defer-length': '1' };
  const rows: readonly [fields: Record<string, string>, value: object][] = [
    [
      { ...deferred, 'upload-metadata': typed('video/webm') },
      { type: 'video/webm', lengthBytes: undefined },
    ],
    [
      { ...deferred, 'upload-metadata': typed('Audio/WebM; codecs="opus"') },
      { type: 'audio/webm', lengthBytes: undefined },
    ],
    [
      {
        ...TUS,
        'upload-length': '7',
        'upload-metadata': `filename ${base64('ü.mp4')},${typed('video/mp4')},x`,
      },
      { type: 'video/mp4', lengthBytes: 7 },
    ],
    [
      { ...deferred, 'upload-metadata': typed('text/html') },
      { type: undefined, lengthBytes: undefined },
    ],
    [
      { ...deferred, 'upload-metadata': typed('toString') },
      { type: undefined, lengthBytes: undefined },
    ],
    [deferred, { type: undefined, lengthBytes: undefined }],
  ];
  for (const [fields, value] of rows) t.strictSame(readCreation(fields), { value }, JSON.stringify(fields));
});

await t.test('a creation that is none is refused with what is wrong', async (t) => {
  const rows: readonly [fields: Record<string, string | string[]>, fault: RegExp][] = [
    [{ 'upload-defer-length': '1' }, /Tus-Resumable must be 1\.0\.0/],
    [{ 'tus-resumable': '0.2.0', 'upload-defer-length': '1' }, /Tus-Resumable must be 1\.0\.0/],
    [TUS, /Either Upload-Defer-Length: 1 or Upload-Length/],
    [{ ...TUS, 'upload-defer-length': '1', 'upload-length': '1' }, /Either Upload-Defer-Length/],
    [{ ...TUS, 'upload-defer-length': '0' }, /Upload-Defer-Length must be 1/],
    ...['-1', '1.5', '1e3', '', '01', '9'.repeat(16)].map((length): [Record<string, string>, RegExp] => [
      { ...TUS, 'upload-length': length },
      /number of bytes/,
    ]),
    ...[' ', 'filetype  x', 'filetype x', 'filetype eA==,', 'ä eA==', 'a b c'].map(
      (text): [Record<string, string>, RegExp] => [
        { ...TUS, 'upload-defer-length': '1', 'upload-metadata': text },
        /Upload-Metadata must be pairs/,
      ],
    ),
  ];
  for (const [fields, fault] of rows) t.match(readCreation(fields), { fault }, JSON.stringify(fields));
});

await t.test('an addition says where it begins and how much it brings', async (t) => {
  const fields = { ...TUS, 'content-type': 'application/offset+octet-stream', 'content-length': '5' };
  t.strictSame(readAddition({ ...fields, 'upload-offset': '0' }), {
    value: { offset: 0, lengthBytes: undefined, bodyBytes: 5 },
  });
  t.strictSame(readAddition({ ...fields, 'upload-offset': '10', 'upload-length': '15' }), {
    value: { offset: 10, lengthBytes: 15, bodyBytes: 5 },
  });
  const rows: readonly [fields: Record<string, string | undefined>, fault: RegExp][] = [
    [{ 'tus-resumable': undefined }, /Tus-Resumable/],
    [{ 'content-type': 'video/webm' }, /Content-Type must be application\/offset\+octet-stream/],
    [{ 'upload-offset': undefined }, /Upload-Offset/],
    [{ 'upload-offset': '-1' }, /Upload-Offset/],
    [{ 'content-length': undefined }, /Content-Length/],
    [{ 'upload-length': 'x' }, /Upload-Length must be/],
    [{ 'upload-length': '14' }, /Upload-Length is less than what has been sent/],
  ];
  for (const [other, fault] of rows)
    t.match(readAddition({ ...fields, 'upload-offset': '10', ...other }), { fault }, JSON.stringify(other));
});

await t.test('a HEAD of tus is told from one of a download', async (t) => {
  t.ok(speaksTus(TUS));
  t.notOk(speaksTus({}));
});
