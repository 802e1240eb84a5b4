// What a local Synapse is told, as documents: the settings that the gateway and the tests depend on.

import t from 'tap';

import { homeserverConfig, logConfig, newSigningKey } from '../../../../src/cli/demo/synapse-config.ts';
import type { Random } from '../../../../src/random.ts';

const random: Random = { hex: (length) => 'ab'.repeat(length) };
const settings = {
  dataDir: '/data',
  serverName: 'localhost',
  port: 1234,
  secrets: { registrationSharedSecret: 'r', macaroonSecretKey: 'm', formSecret: 'f' },
};

await t.test('Synapse listens on loopback only, believes the gateway and talks to nobody', async (test) => {
  test.match(homeserverConfig(settings), {
    server_name: 'localhost',
    listeners: [{ port: 1234, bind_addresses: ['127.0.0.1'], x_forwarded: true }],
    enable_registration: false,
    report_stats: false,
    trusted_key_servers: [],
    url_preview_enabled: false,
    max_upload_size: '60M',
  });
  test.notOk('public_baseurl' in homeserverConfig(settings));
});

await t.test('further settings win over ours', async (test) => {
  const config = homeserverConfig({
    ...settings,
    publicBaseUrl: 'http://gateway.test/',
    extraConfig: { max_upload_size: '1M' },
  });
  test.match(config, { max_upload_size: '1M', public_baseurl: 'http://gateway.test/' });
});

await t.test('the log keeps the access lines', async (test) => {
  test.match(logConfig('/data'), {
    root: { level: 'INFO', handlers: ['file'] },
    handlers: { file: { filename: '/data/synapse.log' } },
  });
});

await t.test('a signing key has the form that Synapse reads', async (test) => {
  test.match(newSigningKey(random), /^ed25519 a_abab [A-Za-z0-9+/]{43}\n$/);
});
