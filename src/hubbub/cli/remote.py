"""A running chat, as the client commands see it: who we are there, HTTP for single questions, a socket to follow."""

import asyncio
import json
import os
import random
import re
import sys
import unicodedata
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from hubbub.errors import HubbubError
from hubbub.protocol import VERSION

TRIES = 5
BACKOFF_S = 0.5
BACKOFF_MAX_S = 30.0
GIVE_UP_FROM = 4400
"""Close codes from here on mean that coming back helps nothing."""

Json = dict[str, Any]
Url = Annotated[str, typer.Option("--url", envvar="HUBBUB_URL", help="Address of the chat.")]
As = Annotated[str | None, typer.Option("--as", help="Your name there. [the one you had, or one of the server's]")]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="HUBBUB_TOKEN",
        help="A token of yours there, as `POST /api/sessions` gives it. [without one you are a guest]",
        metavar="TOKEN",
    ),
]
DEFAULT_URL = "http://127.0.0.1:8000"


class Remote:
    """One chat and our identity there: that of `token`, or a guest, whom the first use makes and whose token is kept in
    the user's configuration."""

    def __init__(self, url: str, name: str | None, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._name = name
        self._is_ours = not token
        self._token = token or _tokens().get(self.url, "")
        self._http = httpx2.Client(base_url=self.url, timeout=10.0)

    def call(self, method: str, path: str, **options: Any) -> Json:
        """One request to /api. Raises HubbubError with the server's words, or when it cannot be reached."""
        if not self._token:
            self._arrive()
        answer = self._ask(method, path, **options)
        if answer.status_code == 401 and self._is_ours:  # another database, or an ended session
            self._arrive()
            answer = self._ask(method, path, **options)
        return _value(answer)

    def sign_in(self) -> Json:
        """Makes sure that we are somebody there, under the name that was asked for. Returns the person."""
        me = self.call("GET", "/me")
        if self._name and me["name"] != self._name:
            me = self.call("PATCH", "/me", json={"name": self._name})
        return me

    def room(self, wanted: str) -> Json:
        """A room by its id or its name, without regard to case."""
        rooms = self.rooms()
        for room in rooms:
            if wanted == room["id"] or wanted.casefold() == room["name"].casefold():
                return room
        known = ", ".join(room["id"] for room in rooms[:10])
        raise HubbubError(f"There is no room {wanted!r} at {self.url}. Some that are there: {known}.")

    def rooms(self) -> list[Json]:
        """All rooms, in the order of their ids."""
        rooms: list[Json] = []
        after: Json = {}
        while page := self.call("GET", "/rooms", params=after)["rooms"]:
            rooms += page
            after = {"after": page[-1]["id"]}
        return rooms

    def join(self, room: Json) -> None:
        if not room["joined"]:
            self.call("PUT", f"/rooms/{room['id']}/membership")

    def post(self, room: str, text: str) -> int:
        """Posts, again with the same key when the answer is lost. Returns the `seq`."""
        body = {"text": text, "key": uuid.uuid4().hex}
        for attempt in range(TRIES):
            try:
                return int(self.call("POST", f"/rooms/{room}/messages", json=body)["seq"])
            except Unreachable:
                if attempt == TRIES - 1:
                    raise
                _wait(attempt)
        raise AssertionError("the loop returns or raises")

    async def follow(self, room: str, since: int, tell: Callable[[str], None]) -> AsyncIterator[tuple[str, Json]]:
        """The room's events after `since`, as text and decoded, for ever: comes back after a lost connection with the
        cursor that it has. `tell` gets a line when the connection is lost or back."""
        cursor, epoch, attempt = since, None, 0
        headers = {"Authorization": f"Bearer {self._token}"}
        while True:
            try:
                address = self.url.replace("http", "ws", 1) + "/ws"
                async with connect(address, additional_headers=headers, compression=None) as socket:
                    hello = {"type": "hello", "version": VERSION, "cursors": {room: cursor}}
                    await socket.send(json.dumps(hello if epoch is None else hello | {"epoch": epoch}))
                    async for text in socket:
                        frame = json.loads(text)
                        if frame["type"] == "welcome":
                            if attempt:
                                tell("connected again")
                            attempt, epoch = 0, frame["epoch"]
                        elif frame["type"] == "reset" and frame["room"] == room:
                            cursor = frame["seq"]
                            tell("some messages were missed: they are in the history")
                        elif frame.get("room") == room and frame.get("seq", 0) > cursor:
                            cursor = frame["seq"]
                            yield str(text), frame
            except ConnectionClosed as error:
                if error.rcvd and error.rcvd.code >= GIVE_UP_FROM:
                    raise HubbubError(f"{self.url} closed the connection: {error.rcvd.reason}") from None
            except InvalidStatus as error:
                if error.response.status_code < 500:
                    status = error.response.status_code
                    raise HubbubError(f"{self.url} does not let us in (HTTP {status}).") from None
            except (OSError, WebSocketException, TimeoutError):
                pass
            if attempt == 0:
                tell("the connection is lost; trying again")
            await asyncio.sleep(_pause(attempt))
            attempt += 1

    def _arrive(self) -> None:
        body = {"name": self._name} if self._name else {}
        answer = self._ask("POST", "/guests", json=body)
        token = _value(answer).get("token")
        if not isinstance(token, str):
            raise _no_chat(answer)
        self._token = token
        _keep_token(self.url, self._token)

    def _ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            return self._http.request(method, f"/api{path}", headers=headers, **options)
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise Unreachable(f"Cannot reach {self.url}: {error}. Is the chat running? Set --url.") from None


class Unreachable(HubbubError):
    default_code = "unreachable"
    retry = True


def printable(text: str) -> str:
    """Other people's text for a terminal: without escape sequences, controls and bidirectional overrides."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf") or c in "\u200c\u200d")


def inline(text: str) -> str:
    return re.sub(r"\s+", " ", printable(text))


def say_aside(line: str) -> None:
    """A remark that is not part of the output."""
    print(f"hubbub: {line}", file=sys.stderr, flush=True)


def _value(answer: httpx2.Response) -> Json:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.is_success and isinstance(body, dict):
        return body
    if isinstance(body, dict) and "words" in body:
        raise HubbubError(printable(str(body["words"])), code=str(body.get("code")))
    raise _no_chat(answer)


def _no_chat(answer: httpx2.Response) -> HubbubError:
    return HubbubError(f"{answer.url} does not answer like a chat (HTTP {answer.status_code}). Check --url.")


def _pause(attempt: int) -> float:
    """Full jitter: anything up to a bound that doubles."""
    return random.uniform(0, min(BACKOFF_MAX_S, BACKOFF_S * 2**attempt))


def _wait(attempt: int) -> None:
    import time

    time.sleep(_pause(attempt))


def _token_file() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "hubbub" / "tokens.json"


def _tokens() -> dict[str, str]:
    try:
        tokens = json.loads(_token_file().read_text())
    except (OSError, ValueError):
        return {}
    return {str(url): str(token) for url, token in tokens.items()} if isinstance(tokens, dict) else {}


def _keep_token(url: str, token: str) -> None:
    file = _token_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(_tokens() | {url: token}, out)
        new.replace(file)
    except OSError as error:
        say_aside(f"cannot keep your identity in {file} ({error.strerror}): next time you will be somebody else")
