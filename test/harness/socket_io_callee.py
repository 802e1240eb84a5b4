# A python-socketio client that waits for one call: registers, prints every event of the call as a line of JSON, and ends
# with the call. Exits with 1 if it is not registered or the call does not end in time.

import json
import sys
import threading

import socketio


def main() -> int:
    url, transport, who = sys.argv[1:4]
    client = socketio.Client(reconnection=False)
    done = threading.Event()

    def tell(name: str, payload: object) -> None:
        print(json.dumps({"event": name, "payload": payload}), flush=True)

    def hear(name: str) -> None:
        @client.on(name)
        def on_event(payload: object) -> None:
            tell(name, payload)
            if name == "call-ended":
                done.set()

    for name in ["incoming-call", "call-ended", "error"]:
        hear(name)
    client.connect(url, transports=[transport], wait_timeout=10)
    registered = client.call("register-user", json.loads(who), timeout=10)
    tell("registered", registered)
    is_done = registered["ok"] and done.wait(20)
    client.disconnect()
    return 0 if is_done else 1


sys.exit(main())
