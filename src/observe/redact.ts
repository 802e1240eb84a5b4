// What of a request target may be written down: everything but the values of parameters that carry secrets. Pure.
// Header fields and bodies are never logged at all, so nothing here reads them.

/** Matrix, LiveKit, Jitsi and SSO parameters whose value lets its holder act as somebody. */
const SECRET_PARAMETERS = new Set([
  'access_token',
  'as_token',
  'client_secret',
  'code',
  'hs_token',
  'jwt',
  'login_token',
  'logintoken',
  'mac',
  'nonce',
  'password',
  'refresh_token',
  'secret',
  'sid',
  'state',
  'ticket',
  'token',
  'user_code',
]);

/** Longer targets are cut in the log: one client must not fill the disk by asking for nonsense. */
const MAX_LOGGED_CHARACTERS = 2_048;

export function redactTarget(target: string): string {
  const queryAt = target.indexOf('?');
  if (queryAt === -1) return cut(target);
  const redacted = target
    .slice(queryAt + 1)
    // Some servers split parameters at a semicolon too, so a secret must not hide behind one.
    .replaceAll(/([^&;=]*)=([^&;]*)/g, (pair, name: string) => (isSecret(name) ? `${name}=***` : pair));
  return cut(`${target.slice(0, queryAt)}?${redacted}`);
}

function isSecret(name: string): boolean {
  let plain = name;
  try {
    plain = decodeURIComponent(name);
  } catch {
    // Not decodable: compared as it stands.
  }
  return SECRET_PARAMETERS.has(plain.toLowerCase().trim());
}

function cut(text: string): string {
  return text.length > MAX_LOGGED_CHARACTERS ? `${text.slice(0, MAX_LOGGED_CHARACTERS)}…` : text;
}
