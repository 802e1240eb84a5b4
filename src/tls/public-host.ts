// Whether there is a certificate for the host that clients are sent to. Pure.

/**
 * @param publicUrl an origin
 * @param isFor whether one of the certificates is for this name or address
 * @returns what the operator should know, as a whole sentence
 */
export function findPublicHostWarning(
  publicUrl: string | undefined,
  isFor: (host: string) => boolean,
): string | undefined {
  if (publicUrl === undefined) return undefined;
  const host = new URL(publicUrl).hostname.replace(/^\[(.*)\]$/, '$1');
  if (isFor(host)) return undefined;
  return `no certificate is for ${host}, the host of public_url: clients that it sends here refuse`;
}
