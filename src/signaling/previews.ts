// Offers shown before anybody has answered: web pages ring only with an offer in their hands, so that it is shown to
// those that are invited as soon as it waits in the relay. There it stays all the same, for whoever answers.

import type { LiveCall } from '../call/model/call.ts';
import { isPending } from '../call/model/legs.ts';
import type { NegotiationRelay } from './relay.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface PreviewsParts {
  readonly relay: Pick<NegotiationRelay, 'offersFor'>;
  readonly sessions: Sessions;
}

export class Previews {
  readonly #parts: PreviewsParts;

  constructor(parts: PreviewsParts) {
    this.#parts = parts;
  }

  /** To every page that rings for the call. */
  show(call: LiveCall): void {
    for (const leg of call.legs) {
      if (!isPending(leg)) continue;
      for (const session of this.#parts.sessions.ofUser(leg.userId)) this.showTo(session, call);
    }
  }

  showTo(session: Session, { callId }: LiveCall): void {
    const { channel, occupant } = session;
    if (channel?.page === undefined || occupant === undefined || !session.isInvitedTo(callId)) return;
    for (const offer of this.#parts.relay.offersFor(callId, occupant.userId)) channel.page.offered(offer);
  }
}
