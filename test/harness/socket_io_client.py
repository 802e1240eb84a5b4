# A python-socketio client against a server of the test: connects, asks with an acknowledgement, hears two events.
# Prints one line for what it saw; exits with 0 only if all of it came. Its handlers take one argument, as everybody's do.

import json
import sys
import threading

import socketio


def main() -> int:
    url, transport = sys.argv[1:3]
    transports = ["polling", "websocket"] if transport == "both" else [transport]
    client = socketio.Client(reconnection=False)
    heard: dict[str, object] = {}
    done = threading.Event()

    def note(name: str, payload: object) -> None:
        heard[name] = payload
        if {"incoming-call", "error"} <= heard.keys():
            done.set()

    @client.on("incoming-call")
    def on_incoming(payload: object) -> None:
        note("incoming-call", payload)

    @client.on("error")
    def on_error(payload: object) -> None:
        note("error", payload)

    client.connect(url, transports=transports, auth={"token": "python-token"}, wait_timeout=10)
    heard["ack"] = client.call("echo", {"text": "grüße"}, timeout=10)
    client.emit("send", {"name": "incoming-call", "payload": {"callId": "c1"}})
    client.emit("send", {"name": "error", "payload": {"code": "CALL_NOT_FOUND"}})
    is_done = done.wait(10)
    heard["transport"] = client.transport()
    client.disconnect()
    print("saw " + json.dumps(heard), flush=True)
    return 0 if is_done else 1


sys.exit(main())
