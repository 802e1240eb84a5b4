// Whether a path leaves its prefix on any reading, row by row; the long list is test/corpus/forbidden-targets.txt.

import t from 'tap';

import { leavesPrefix } from '../../../src/proxy/deny.ts';

await t.test('a path leaves its prefix when one reading of it does', async (t) => {
  const rows: readonly [path: string, reading: string][] = [
    ['/_matrix/..', 'the end is a step up'],
    ['/_matrix/../', 'the same with a slash'],
    ['/_matrix/../_synapse/admin', 'plain'],
    ['/_matrix/a/../../_synapse/admin', 'deeper'],
    ['/_matrix/%2e%2e/_synapse/admin', 'decoded once'],
    ['/_matrix/%252e%252e/_synapse/admin', 'decoded twice'],
    ['/_matrix/..%2f_synapse', 'the slash decoded'],
    ['/_matrix/..%5c_synapse', 'a backslash taken for a slash (IIS, WHATWG URL)'],
    ['/_matrix/..;/_synapse', 'parameters cut off (Tomcat)'],
    ['/_matrix/..;a=b/_synapse', 'parameters with a value'],
    ['/_matrix/..%00/_synapse', 'cut off at NUL (C strings)'],
    ['/_matrix/..%20/_synapse', 'trailing blanks dropped (Windows)'],
    ['/_matrix/%c0%ae%c0%ae/_synapse', 'overlong dots, two bytes'],
    ['/_matrix/%e0%80%ae%e0%80%ae/_synapse', 'overlong dots, three bytes'],
    ['/_matrix/..%c0%af_synapse', 'overlong slash'],
    ['/_matrix/%ef%bc%8e%ef%bc%8e/_synapse', 'fullwidth dots, folded (NFKC)'],
    ['/_matrix/..%ef%bc%8f_synapse', 'fullwidth slash, folded'],
    ['/_matrix//../../_synapse', 'doubled slashes collapsed'],
    ['/_matrix/.//../../_synapse', 'and a dot between them'],
    ['/_matrix/%25252525252e', 'encoded more often than we read'],
    ['/_matrix/%2525252525', 'percent signs encoded once more than we read'],
    ['/_matrix/...', 'three dots, which are two steps or one for some'],
    ['/_matrix/a%5cb/%2e%2e/%2e%2e/_synapse/admin/v1/users', 'a backslash that is no separator'],
    ['/_matrix/a%5c..', 'a backslash that is one'],
    ['/_matrix/../_synapse/admin/..;/..;/_matrix/x', 'out and in again, by steps that are names to some'],
    ['/_matrix/%2e%2e/_synapse/admin/..%20/..%20/_matrix/x', 'the same with blanks'],
    ['/_matrix/%2e%2e/_synapse/admin/..%5c..%5c_matrix/x', 'the same with backslashes'],
    ['/_matrix/.%09./_synapse/admin', 'a tab between the dots dropped (WHATWG URL)'],
    ['/_matrix/%09../_synapse/admin', 'a tab before them dropped'],
    ['/_matrix/..%7f/_synapse/admin', 'DEL behind them dropped'],
    ['/_matrix/..%3fx/_synapse/admin', 'a question mark that begins a query once it is decoded'],
    ['/_matrix/..%23x/_synapse/admin', 'a hash that begins a fragment once it is decoded'],
    ['/_matrix/..%C2%A0/_synapse/admin', 'a no-break space, folded and dropped'],
    ['/_matrix/%f0%80%80%ae%f0%80%80%ae/_synapse/admin', 'overlong dots, four bytes'],
    ['/_matrix/%c0%2e%c0%2e/_synapse/admin', 'half an overlong form before each dot'],
    ['/_matrix/..%c0%2f_synapse/admin', 'half an overlong form before the slash'],
    ['/_matrix/%EF%BC%852e%EF%BC%852e/_synapse/admin', 'a fullwidth percent sign, folded, then decoded'],
    ['/_matrix/%ff%fe', 'bytes that are no text'],
    ['/_matrix/%25ff', 'bytes that are no text when decoded twice'],
    ['/_matrix/%ed%a0%80', 'half a surrogate pair'],
  ];
  for (const [path, reading] of rows) t.ok(leavesPrefix(path, '/_matrix/'), `${path}: ${reading}`);
});

await t.test('a path that stays inside on every reading does not leave', async (t) => {
  const rows: readonly [path: string, why: string][] = [
    ['/_matrix/', 'the prefix itself'],
    ['/_matrix/.', 'a dot'],
    ['/_matrix/client/..', 'a step up within'],
    ['/_matrix/client/%2e%2e/x', 'the same encoded'],
    ['/_matrix/a/b/..%2f..', 'as many steps up as there were down'],
    ['/_matrix/a/...', 'three dots below a name'],
    ['/_matrix/a..b', 'dots within a name'],
    ['/_matrix/%', 'no encoding at all'],
    ['/_matrix/%25%25', 'percent signs'],
    ['/_matrix/%25252525', 'percent signs encoded as often as we read'],
    ['/_matrix/%C3%A4%E2%82%AC%F0%9F%98%80', 'letters beyond ASCII'],
    ['/_matrix/a%5cb', 'a backslash in a name'],
    ['/_matrix/a%09b%20c', 'blanks in a name'],
    ['/_matrix//', 'an empty segment'],
    ['/_matrix/;..', 'dots in a parameter'],
  ];
  for (const [path, why] of rows) t.notOk(leavesPrefix(path, '/_matrix/'), `${path}: ${why}`);
});

await t.test('the longest path that fits a request line is judged without delay', async (t) => {
  const paths = ['a/'.repeat(8_000), '%25'.repeat(5_000), '../'.repeat(5_000), ';'.repeat(16_000)];
  paths.push('%c0'.repeat(5_000), '%2e'.repeat(5_000), ' '.repeat(16_000), '\\'.repeat(16_000));
  for (const path of paths) {
    const before = process.cpuUsage();
    leavesPrefix(`/_matrix/${path}`, '/_matrix/');
    const usedMs = process.cpuUsage(before).user / 1000;
    t.ok(usedMs < 1_000, `${path.slice(0, 6)}… took ${usedMs} ms`);
  }
});
