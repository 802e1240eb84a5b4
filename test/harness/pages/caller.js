// A web application in a test: the client library, one user, and what happened so far. Evaluated in a page of the
// gateway's own origin; `window.caller` is what the test speaks to.
window.startCaller = async ({ accessToken, deviceId, iceTransportPolicy }) => {
  const peers = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...given) {
      super(...given);
      peers.push(this);
    }
  };
  const tracks = [];
  for (const name of ['getUserMedia', 'getDisplayMedia']) {
    const ask = navigator.mediaDevices[name].bind(navigator.mediaDevices);
    navigator.mediaDevices[name] = async (...given) => {
      const stream = await ask(...given);
      tracks.push(...stream.getTracks());
      return stream;
    };
  }
  const { connect } = await import('/portico/client.js');
  const portico = connect({ homeserver: location.origin, accessToken, deviceId, iceTransportPolicy });
  const states = [];
  const calls = new Map();
  const seen = new Map();
  const keep = (call) => {
    if (calls.has(call.id)) return call;
    calls.set(call.id, call);
    const of = { states: [call.state], errors: [], recordings: [] };
    seen.set(call.id, of);
    call.on('state', (state) => of.states.push(state));
    call.on('error', ({ code, message }) => of.errors.push(`${code}: ${message}`));
    call.on('recording', (users) => of.recordings.push([...users]));
    return call;
  };
  const incoming = [];
  portico.on('state', ({ state, problem }) => states.push(problem ? `${state} ${problem.code}` : state));
  portico.on('incoming', (call) => incoming.push({ id: keep(call).id, ringsUntil: call.ringsUntil }));
  const call = (id) => calls.get(id);

  window.caller = {
    state: () => portico.state,
    states: () => states,
    incoming: () => incoming,
    place: async (roomId, options) => keep(await portico.call(roomId, options)).id,
    /** One of the methods of a call. */
    act: (id, method, ...args) => call(id)[method](...args),
    view: (id) => ({
      state: call(id).state,
      endReason: call(id).endReason,
      recordedBy: call(id).recordedBy,
      isSharing: call(id).local.isSharing,
      participants: call(id).participants.map((one) => ({
        userId: one.userId,
        connection: one.connection,
        hasScreen: one.screen !== undefined,
        isVideoEnabled: one.isVideoEnabled,
        quality: one.quality,
      })),
      ...seen.get(id),
    }),
    close: () => portico.close(),
    /** Of all peer connections that are open: what has come in, and by which kind of candidates. */
    async media() {
      const all = [];
      for (const peer of peers.filter(({ signalingState }) => signalingState !== 'closed')) {
        const sum = { audioPackets: 0, framesDecoded: 0, videos: 0, pair: '' };
        const reports = new Map(await peer.getStats());
        for (const report of reports.values()) {
          if (report.type === 'inbound-rtp' && report.kind === 'audio')
            sum.audioPackets += report.packetsReceived;
          if (report.type === 'inbound-rtp' && report.kind === 'video') {
            sum.framesDecoded += report.framesDecoded;
            if (report.framesDecoded > 0) sum.videos += 1;
          }
          if (report.type === 'transport' && report.selectedCandidatePairId !== undefined) {
            const pair = reports.get(report.selectedCandidatePairId);
            const typeOf = (candidate) => reports.get(candidate)?.candidateType;
            if (pair) sum.pair = `${typeOf(pair.localCandidateId)} ${typeOf(pair.remoteCandidateId)}`;
          }
        }
        all.push(sum);
      }
      return all;
    },
    /** How many descriptions were set by the open connections: grows with each negotiation. */
    negotiations: () => peers.map((peer) => peer.localDescription?.sdp.split('\r\n')[1] ?? ''),
    liveTracks: () => tracks.filter(({ readyState }) => readyState === 'live').length,
    peers: () => peers.length,
  };
};
