// What a local Synapse is told: homeserver.yaml, its log config, signing key and secrets, as documents. Owns every
// setting that differs from Synapse's default and why; starts nothing.

import { Buffer } from 'node:buffer';
import { join } from 'node:path';

import type { Random } from '../../random.ts';

export interface SynapseSettings {
  dataDir: string;
  serverName: string;
  port: number;
  secrets: SynapseSecrets;
  publicBaseUrl?: string;
  /** Merged over the rest, key by key at the top level. */
  extraConfig?: Readonly<Record<string, unknown>>;
}

/** They must outlive a restart: access tokens and sessions are signed with them. */
export interface SynapseSecrets {
  registrationSharedSecret: string;
  macaroonSecretKey: string;
  formSecret: string;
}

export interface SynapseFiles {
  config: string;
  logConfig: string;
  log: string;
  signingKey: string;
  secrets: string;
  database: string;
}

const SECRET_BYTES = 32;
const WIDE = { per_second: 100_000, burst_count: 100_000 };

export function synapseFiles(dataDir: string): SynapseFiles {
  return {
    config: join(dataDir, 'homeserver.yaml'),
    logConfig: join(dataDir, 'log.yaml'),
    log: join(dataDir, 'synapse.log'),
    signingKey: join(dataDir, 'signing.key'),
    secrets: join(dataDir, 'secrets.json'),
    database: join(dataDir, 'homeserver.db'),
  };
}

export function homeserverConfig(settings: SynapseSettings): Record<string, unknown> {
  const { dataDir, serverName, port, secrets, publicBaseUrl, extraConfig } = settings;
  const files = synapseFiles(dataDir);
  return {
    server_name: serverName,
    ...(publicBaseUrl === undefined ? {} : { public_baseurl: publicBaseUrl }),
    pid_file: join(dataDir, 'synapse.pid'),
    listeners: [
      {
        port,
        bind_addresses: ['127.0.0.1'],
        type: 'http',
        tls: false,
        // Without it every client has the gateway's address, and limits hit all of them together.
        x_forwarded: true,
        resources: [{ names: ['client', 'federation'], compress: false }],
      },
    ],
    database: { name: 'sqlite3', args: { database: files.database } },
    log_config: files.logConfig,
    media_store_path: join(dataDir, 'media'),
    max_upload_size: '60M',
    url_preview_enabled: false,
    presence: { enabled: true },
    enable_registration: false,
    registration_shared_secret: secrets.registrationSharedSecret,
    macaroon_secret_key: secrets.macaroonSecretKey,
    form_secret: secrets.formSecret,
    signing_key_path: files.signingKey,
    // A server of this machine has nobody to ask for keys and tells nobody about itself.
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    report_stats: false,
    // A fresh database has about a minute of empty migrations, one per second by default.
    background_updates: { sleep_enabled: false },
    ...openLimits(),
    ...extraConfig,
  };
}

/** Two people at one desk, or a test, must not meet limits that are made for strangers. */
function openLimits(): Record<string, unknown> {
  return {
    rc_message: WIDE,
    rc_registration: WIDE,
    rc_registration_token_validity: WIDE,
    rc_login: { address: WIDE, account: WIDE, failed_attempts: WIDE },
    rc_admin_redaction: WIDE,
    rc_joins: { local: WIDE, remote: WIDE },
    rc_joins_per_room: WIDE,
    rc_3pid_validation: WIDE,
    rc_invites: { per_room: WIDE, per_user: WIDE, per_issuer: WIDE },
    rc_third_party_invite: WIDE,
    rc_media_create: WIDE,
    rc_presence: { per_user: WIDE },
    rc_delayed_event_mgmt: WIDE,
    rc_room_creation: WIDE,
    rc_reports: WIDE,
    rc_user_directory: WIDE,
    rc_profile: WIDE,
  };
}

/** Written straight through: a buffered line would be missing just when somebody looks for the cause of a failure. */
export function logConfig(dataDir: string): Record<string, unknown> {
  return {
    version: 1,
    formatters: {
      line: { format: '%(asctime)s - %(name)s - %(levelname)s - %(request)s - %(message)s' },
    },
    handlers: {
      file: {
        class: 'logging.FileHandler',
        filename: synapseFiles(dataDir).log,
        formatter: 'line',
        encoding: 'utf8',
      },
    },
    // The access lines of synapse.access.http tell which client address Synapse saw.
    root: { level: 'INFO', handlers: ['file'] },
    disable_existing_loggers: false,
  };
}

/** Synapse's own key file format: algorithm, name, and the seed in base64 without padding. */
export function newSigningKey(random: Random): string {
  const seed = Buffer.from(random.hex(SECRET_BYTES), 'hex').toString('base64').replace(/=+$/, '');
  return `ed25519 a_${random.hex(2)} ${seed}\n`;
}

export function newSecrets(random: Random): SynapseSecrets {
  return {
    registrationSharedSecret: random.hex(SECRET_BYTES),
    macaroonSecretKey: random.hex(SECRET_BYTES),
    formSecret: random.hex(SECRET_BYTES),
  };
}
