"""People for tests, over real sockets: they say, hear, drop and come back.

    async with Guest.arrives(url, "Ann") as ann, Guest.arrives(url, "Bob") as bob:
        await ann.says("hi")
        await bob.hears("hi")

Each checks for itself what every client may rely on: in each room the events come in the order of `seq`, without a
gap and without a repetition.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hubbub.protocol import VERSION

PATIENCE_S = 20.0
"""How long anything is waited for before the test fails. A guest may have another `patience_s`."""

Json = dict[str, Any]


class Refused(Exception):
    """The server answered a command with an error."""

    def __init__(self, problem: Json) -> None:
        super().__init__(f"{problem['code']}: {problem['words']}")
        self.code: str = problem["code"]
        self.problem = problem


class Guest:
    patience_s = PATIENCE_S

    def __init__(self, url: str, token: str, me: Json) -> None:
        self.url = url
        self.token = token
        self.me = me
        self.welcome: Json = {}
        self.events: dict[str, list[Json]] = {}
        self.signals: list[Json] = []
        self.cursors: dict[str, int] = {}
        self.epoch: str | None = None
        self.close_code: int | None = None
        self.mistakes: list[str] = []
        """What no client should ever see; `hears` and `waits_until` fail when there is one."""
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._ids = itertools.count(1)
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def arrives(cls, url: str, name: str | None = None) -> AsyncIterator[Self]:
        """A new guest, connected; gone when the context ends."""
        guest = await cls.registers(url, name)
        await guest.returns()
        try:
            yield guest
        finally:
            await guest.drops()

    @classmethod
    async def registers(cls, url: str, name: str | None = None) -> Self:
        """A new guest that is not connected yet."""
        async with httpx2.AsyncClient() as http:
            answer = await http.post(f"{url}/api/guests", json={"name": name} if name else {})
        answer.raise_for_status()
        return cls(url, answer.json()["token"], answer.json()["person"])

    def another_tab(self) -> Self:
        """The same person on another connection; call `returns` on it."""
        return type(self)(self.url, self.token, self.me)

    @property
    def address(self) -> tuple[str, int]:
        """Its end of the connection."""
        assert self._socket is not None, "it is connected"
        host, port = self._socket.local_address
        return host, port

    # Connecting ----------------------------------------------------------------------------------------------

    async def returns(self, cursors: dict[str, int] | None = None) -> None:
        """Connects with the cursors that it has, or those given."""
        headers = {"Authorization": f"Bearer {self.token}"}
        self._socket = await connect(
            self.url.replace("http", "ws", 1) + "/ws",
            additional_headers=headers,
            compression=None,
            max_size=None,
        )
        self.close_code = None
        if cursors is not None:
            self.cursors = dict(cursors)
        hello = {"type": "hello", "version": VERSION, "cursors": self.cursors}
        if self.epoch is not None:
            hello["epoch"] = self.epoch
        self.welcome = {}
        await self._socket.send(json.dumps(hello))
        self._listening = asyncio.create_task(self._listen(self._socket))
        await self.waits_until(lambda: bool(self.welcome) or self.close_code is not None)

    async def drops(self) -> None:
        """The connection is cut without a goodbye."""
        if self._socket is None or self._listening is None:
            return
        self._socket.transport.abort()
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        self._socket = self._listening = None

    # Doing ---------------------------------------------------------------------------------------------------

    async def says(self, text: str, room: str = "lobby", **more: Any) -> int:
        """Posts, and returns the `seq` of the acknowledgement."""
        value = await self.does("post", room=room, text=text, **more)
        return int(value["seq"])

    async def does(self, verb: str, **fields: Any) -> Json:
        """Sends a command and returns the value of its result. Raises Refused, or ConnectionError."""
        number = next(self._ids)
        return await self.sends(json.dumps({"type": verb, "id": number, **fields}), number)

    async def sends(self, frame: str | bytes, number: int) -> Json:
        """Sends a frame as it is and waits for the answer to the command with this id."""
        if self._socket is None:
            raise ConnectionError("not connected")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise ConnectionError(str(error)) from error
        async with asyncio.timeout(self.patience_s):
            reply = await answer
        if reply["type"] == "error":
            raise Refused(reply)
        return dict(reply["value"])

    # Hearing -------------------------------------------------------------------------------------------------

    async def hears(self, text: str, room: str = "lobby") -> Json:
        """Waits for the message with this text, and returns its event."""

        def heard() -> Json | None:
            posted = (e for e in self.events.get(room, ()) if e["type"] == "message.posted")
            return next((event for event in posted if event["text"] == text), None)

        await self.waits_until(lambda: heard() is not None)
        event = heard()
        assert event is not None
        return event

    async def hears_of(self, kind: str, room: str = "lobby", **fields: Any) -> Json:
        """Waits for an event of this type with these fields, and returns the first."""

        def heard() -> Json | None:
            for event in self.events.get(room, ()):
                if event["type"] == kind and fields.items() <= event.items():
                    return event
            return None

        await self.waits_until(lambda: heard() is not None)
        event = heard()
        assert event is not None
        return event

    async def gets(self, kind: str, condition: Callable[[Json], bool] = lambda signal: True) -> Json:
        """Waits for a signal, and returns the first that fits."""

        def found() -> Json | None:
            return next((s for s in self.signals if s["type"] == kind and condition(s)), None)

        await self.waits_until(lambda: found() is not None)
        signal = found()
        assert signal is not None
        return signal

    def texts(self, room: str = "lobby") -> list[str]:
        """What was said, as heard."""
        return [event["text"] for event in self.events.get(room, ()) if event["type"] == "message.posted"]

    async def waits_until(self, condition: Callable[[], bool]) -> None:
        """Waits until the condition holds; looks again after each frame."""
        try:
            async with asyncio.timeout(self.patience_s), self._changed:
                await self._changed.wait_for(lambda: bool(self.mistakes) or condition())
        except TimeoutError:
            heard = {room: [e["seq"] for e in events][-5:] for room, events in self.events.items()}
            raise AssertionError(f"{self.me['name']} waited in vain; last heard {heard}") from None
        assert not self.mistakes, self.mistakes

    async def _listen(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._take(json.loads(frame))
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            self.close_code = socket.close_code or 1006
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the connection closed before the answer"))
                    answer.exception()  # whether anybody still waits for it or not
        async with self._changed:
            self._changed.notify_all()

    def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "welcome":
            self.welcome, self.epoch = frame, frame["epoch"]
            for room in frame["rooms"]:
                self.cursors.setdefault(room["id"], room["head"])
        elif kind in ("result", "error"):
            answer = self._answers.pop(frame.get("id", -1), None)
            if answer is None:
                self.signals.append(frame)
            elif not answer.done():
                answer.set_result(frame)
        elif "seq" in frame and kind != "reset":
            self._take_event(frame)
        else:
            self.signals.append(frame)
            if kind == "reset":
                self.cursors[frame["room"]] = frame["seq"]
            elif kind == "joined":
                self.cursors[frame["room"]["id"]] = frame["room"]["head"]

    def _take_event(self, event: Json) -> None:
        room, seq = event["room"], event["seq"]
        cursor = self.cursors.get(room, 0)
        if seq != cursor + 1:
            self.mistakes.append(f"{room}: {seq} came after {cursor}")
        self.cursors[room] = seq
        self.events.setdefault(room, []).append(event)
