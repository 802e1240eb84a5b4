// What counts as a typing error, and what is simply another word.

import t from 'tap';

import { nearest } from '../../../src/config/nearest.ts';

const KNOWN = ['listen', 'public_url', 'connect_timeout', 'response_timeout', 'level', 'max_upload'];

await t.test('the word that was meant is found', (test) => {
  const meant: Readonly<Record<string, string>> = {
    lisen: 'listen',
    lsiten: 'listen',
    LISTEN: 'listen',
    levl: 'level',
    publicUrl: 'public_url',
    'public-url': 'public_url',
    conect_timeout: 'connect_timeout',
    responce_timout: 'response_timeout',
    max_upload_size: 'max_upload',
  };
  for (const [given, word] of Object.entries(meant)) test.equal(nearest(given, KNOWN), word, given);
  test.end();
});

await t.test('what resembles nothing gets no advice', (test) => {
  for (const given of [
    '',
    'x',
    'flux_capacitor',
    'upload',
    'tls',
    'l'.repeat(65),
    `listen${'n'.repeat(60)}`,
  ]) {
    test.equal(nearest(given, KNOWN), undefined, given);
  }
  test.equal(nearest('listen', []), undefined);
  test.end();
});
