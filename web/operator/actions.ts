// What an operator can do: each a request that only this page can make (a page of another origin cannot send the header).

/** @throws Error with words for the operator */
async function act(path: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(path, { method: 'POST', headers: { 'X-Portico-Operator': 'page' } });
  } catch {
    throw new Error('The gateway cannot be reached.');
  }
  if (response.ok) return;
  const body = (await response.json().catch(() => ({}))) as { readonly error?: string };
  throw new Error(`${body.error ?? 'The gateway refused'} (${response.status}).`);
}

export function endCall(callId: string): Promise<void> {
  return act(`api/calls/${encodeURIComponent(callId)}/end`);
}

export function disconnect(sessionId: string): Promise<void> {
  return act(`api/sockets/${encodeURIComponent(sessionId)}/disconnect`);
}

export function drain(): Promise<void> {
  return act('api/drain');
}
