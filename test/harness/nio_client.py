"""A whole client's life through one homeserver URL, by matrix-nio: a client that is not ours and not JavaScript.

Prints one JSON line per step; a failed step ends the run with exit code 1. Knows nothing of what stands behind the URL.
"""

import argparse
import asyncio
import hashlib
import io
import json
import os
import struct
import sys
import time
import zlib

from nio import AsyncClient, AsyncClientConfig
from nio.responses import ErrorResponse

HOLD_MS = 30_000
MIB = 1024 * 1024


class Failed(Exception):
    pass


def expect(condition, text):
    if not condition:
        raise Failed(text)


def good(response):
    """nio returns errors as values: unchecked, a refused call would pass as done."""
    if isinstance(response, ErrorResponse):
        raise Failed(f"{type(response).__name__}: {response.status_code} {response.message}")
    return response


def small_png(width, height):
    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    row = b"\x00" + b"\x20\x80\xc0" * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(row * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Journey:
    def __init__(self, arguments):
        self.arguments = arguments
        config = AsyncClientConfig(max_timeouts=1, max_limit_exceeded=1, request_timeout=60)
        self.alice = AsyncClient(arguments.homeserver, arguments.alice[0], config=config)
        self.bob = AsyncClient(arguments.homeserver, arguments.bob[0], config=config)
        self.alias_name = f"nio-{os.urandom(6).hex()}"
        self.room_id = ""
        self.event_id = ""

    async def run(self):
        steps = [
            self.login,
            self.create_room,
            self.resolve_alias,
            self.invite,
            self.join,
            self.send,
            self.event_by_id,
            self.held_sync_wakes,
            self.typing,
            self.read_marker,
            self.upload_download,
            self.thumbnail,
            self.logout,
        ]
        try:
            for step in steps:
                if not await self.report(step):
                    return 1
            return 0
        finally:
            await self.alice.close()
            await self.bob.close()

    async def report(self, step):
        started = time.monotonic()
        line = {"step": step.__name__, "ok": True}
        seen = {}
        try:
            seen = await step() or {}
        except Exception as error:  # a step may fail in any way; the line says which
            line["ok"] = False
            line["err"] = f"{type(error).__name__}: {error}"
        line["elapsedMs"] = round((time.monotonic() - started) * 1000)
        line["seen"] = seen
        print(json.dumps(line), flush=True)
        return line["ok"]

    async def login(self):
        good(await self.alice.login(self.arguments.alice[1], device_name="nio alice"))
        good(await self.bob.login(self.arguments.bob[1], device_name="nio bob"))
        return {"alice": self.alice.user_id, "bob": self.bob.user_id}

    async def create_room(self):
        self.room_id = good(await self.alice.room_create(alias=self.alias_name, name="nio")).room_id
        return {"roomId": self.room_id}

    async def resolve_alias(self):
        server_name = self.alice.user_id.split(":", 1)[1]
        alias = f"#{self.alias_name}:{server_name}"
        resolved = good(await self.bob.room_resolve_alias(alias)).room_id
        expect(resolved == self.room_id, f"{alias} is {resolved}, not {self.room_id}")
        return {"alias": alias}

    async def invite(self):
        good(await self.alice.room_invite(self.room_id, self.bob.user_id))
        invited = good(await self.bob.sync(timeout=0)).rooms.invite
        expect(self.room_id in invited, "the invitation is not in bob's sync")

    async def join(self):
        good(await self.bob.join(self.room_id))
        await self.bob_sync_until(lambda response: self.room_id in response.rooms.join)

    async def send(self):
        self.event_id = await self.say("hello bob")
        return {"eventId": self.event_id}

    async def event_by_id(self):
        event = good(await self.bob.room_get_event(self.room_id, self.event_id)).event
        expect(event.event_id == self.event_id, f"got {event.event_id}")
        expect(event.body == "hello bob", f"its body is {event.body!r}")

    async def held_sync_wakes(self):
        await self.bob_sync_until(lambda response: self.has_event(response, self.event_id))
        held = await self.hold_sync()
        sent_at = time.monotonic()
        event_id = await self.say("wake up")
        response = good(await held)
        woken_after_ms = round((time.monotonic() - sent_at) * 1000)
        expect(self.has_event(response, event_id), "the held sync ended without the message")
        expect(woken_after_ms < HOLD_MS / 2, f"the held sync ended {woken_after_ms} ms after the message")
        return {"wokenAfterMs": woken_after_ms}

    async def typing(self):
        good(await self.alice.room_typing(self.room_id, True, timeout=20_000))
        await self.bob_sync_until(self.sees_alice_type)
        good(await self.alice.room_typing(self.room_id, False))

    async def read_marker(self):
        good(await self.bob.room_read_markers(self.room_id, self.event_id, self.event_id))

    async def upload_download(self):
        size = self.arguments.upload_mib * MIB
        sent = os.urandom(size)
        uploaded, _ = await self.alice.upload(
            io.BytesIO(sent),
            content_type="application/octet-stream",
            filename="random bytes.bin",
            filesize=size,
        )
        uri = good(uploaded).content_uri
        received = good(await self.bob.download(mxc=uri)).body
        expect(len(received) == size, f"sent {size} bytes, received {len(received)}")
        expect(sent == received, "the bytes differ")
        return {"bytes": size, "sha256": hashlib.sha256(received).hexdigest()}

    async def thumbnail(self):
        image = small_png(64, 64)
        uploaded, _ = await self.alice.upload(
            io.BytesIO(image), content_type="image/png", filename="small.png", filesize=len(image)
        )
        server_name, media_id = good(uploaded).content_uri.removeprefix("mxc://").split("/")
        answer = good(await self.bob.thumbnail(server_name, media_id, width=32, height=32))
        expect(answer.body.startswith(b"\x89PNG"), f"not a PNG: {answer.body[:16]!r}")
        return {"contentType": answer.content_type, "bytes": len(answer.body)}

    async def logout(self):
        token = self.alice.access_token
        good(await self.alice.logout())
        good(await self.bob.logout())
        self.alice.access_token = token
        refused = await self.alice.whoami()
        expect(isinstance(refused, ErrorResponse), "the token works after the logout")
        expect(refused.status_code == "M_UNKNOWN_TOKEN", f"refused with {refused.status_code}")

    async def say(self, body):
        content = {"msgtype": "m.text", "body": body}
        return good(await self.alice.room_send(self.room_id, "m.room.message", content)).event_id

    async def hold_sync(self):
        """A sync that stays open while a whole other request comes and goes is really held."""
        while True:
            held = asyncio.create_task(self.bob.sync(timeout=HOLD_MS))
            await asyncio.sleep(0)
            good(await self.bob.whoami())
            good(await self.bob.whoami())
            if not held.done():
                return held
            good(await held)

    async def bob_sync_until(self, matches):
        for _ in range(20):
            response = good(await self.bob.sync(timeout=5_000))
            if matches(response):
                return response
        raise Failed("not in twenty syncs")

    def has_event(self, response, event_id):
        room = response.rooms.join.get(self.room_id)
        return room is not None and any(event.event_id == event_id for event in room.timeline.events)

    def sees_alice_type(self, response):
        room = response.rooms.join.get(self.room_id)
        ephemeral = room.ephemeral if room is not None else []
        return any(self.alice.user_id in getattr(event, "users", []) for event in ephemeral)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homeserver", required=True)
    parser.add_argument("--alice", nargs=2, metavar=("USER", "PASSWORD"), required=True)
    parser.add_argument("--bob", nargs=2, metavar=("USER", "PASSWORD"), required=True)
    parser.add_argument("--upload-mib", type=int, default=1)
    sys.exit(asyncio.run(Journey(parser.parse_args()).run()))


main()
