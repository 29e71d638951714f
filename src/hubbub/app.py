"""`Chat` puts the house together: the one place that knows every concrete class."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException
from starlette.requests import HTTPConnection

from hubbub._version import __version__
from hubbub.attendance import Attendance
from hubbub.bus import Bus
from hubbub.bus.local import LocalBus
from hubbub.core.models import Person, Place
from hubbub.core.shedding import Load, Shed, Shedding
from hubbub.counts import Counts, watch_loop
from hubbub.errors import CloseCode, HubbubError, RateLimited, Unavailable
from hubbub.extras import load_openid, load_passkeys, load_previews
from hubbub.hub.catchup import CatchUp
from hubbub.hub.hub import Connection, Hub
from hubbub.hub.pace import new_pace
from hubbub.hub.plain import plain_of_frame, plain_text
from hubbub.hub.presence import PresenceBoard
from hubbub.hub.typing import TypingBoard
from hubbub.protocol import (
    ERASING,
    AnyCommand,
    Envelope,
    MemberLeft,
    MessagePosted,
    PlaceChanged,
    Post,
    Restarting,
    Value,
)
from hubbub.relay import Relay
from hubbub.service import Service
from hubbub.service.accounts import Accounts
from hubbub.service.caretaker import Caretaker
from hubbub.service.context import Context
from hubbub.service.files import Files
from hubbub.service.identities import Identities
from hubbub.service.invites import Invited, look_at
from hubbub.service.links import Links, owner_link
from hubbub.service.mail import Mail
from hubbub.service.my_data import export
from hubbub.service.passwords import Passwords
from hubbub.service.people import People
from hubbub.settings import Settings
from hubbub.store import Committed, Store
from hubbub.store.folder import DATABASE, FILES, make_folder
from hubbub.store.sqlite import SqliteStore
from hubbub.tasks import Tasks
from hubbub.web.addresses import Addresses
from hubbub.web.api import api_parts
from hubbub.web.auth import Auth
from hubbub.web.door import door_router
from hubbub.web.forms import forms_router
from hubbub.web.headers import SecurityHeaders
from hubbub.web.lost import add_lost_pages
from hubbub.web.openid import CALLBACK, openid_router
from hubbub.web.ops import ops_router
from hubbub.web.page import page_router
from hubbub.web.problems import retry_after
from hubbub.web.requests import Requests
from hubbub.web.routes import put_side_by_side
from hubbub.web.socket import socket_router
from hubbub.web.tutorial import tutorial_router

log = logging.getLogger(__name__)

STALL_CHECKS = 4
"""Looks for stalled connections within one stall timeout."""
RETURN_SPREAD_PER_CONNECTION_MS = 5
RETURN_SPREAD_MAX_MS = 10_000
LAST_COMMANDS_S = 6.0
"""Time for commands that are under way at a restart: a little longer than a write waits for a locked database."""
LAST_WORDS_S = 1.0
"""Time for what is buffered to leave before a restart."""


class Chat:
    """A chat for an application:

        chat = Chat(Settings(data=Path("chat-data")))
        app = FastAPI(lifespan=chat.lifespan)
        app.include_router(chat.router)

    Without a lifespan of FastAPI's, call `start` and `stop`. All methods belong to one event loop.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings = settings or Settings()
        self.store: Store = SqliteStore(settings.data / DATABASE, now=_now_ms, new_epoch=lambda: secrets.token_hex(8))
        self.bus: Bus = LocalBus()
        self._tasks = Tasks()
        self.spawn = self._tasks.spawn
        self.counts = Counts()
        self.shedding = Shedding()
        self.addresses = Addresses(settings, clock=time.monotonic)
        self.catch_up = CatchUp(self.store, spawn=self.spawn, low_water=settings.outlet_buffer_bytes // 4, cut=self.cut)
        self.hub = Hub(
            new_pace=new_pace,
            on_behind=self.catch_up.start,
            plain_of=plain_of_frame,
            buffer_limit=settings.outlet_buffer_bytes,
            ring_size=settings.ring_size,
            replay_limit=settings.replay_limit,
        )
        self.catch_up.hub = self.hub
        self.presence = PresenceBoard(
            call_later=_call_later,
            publish=self.bus.publish,
            grace_s=settings.presence_grace_s,
            is_held=lambda: self.shedding.drops(Shed.SIGNALS),
        )
        self.typing = TypingBoard(
            call_later=_call_later,
            clock=time.monotonic,
            tell=lambda room, frame: self.hub.signal(room, frame, None),
            is_crowd=self.presence.is_crowd,
            is_held=lambda: self.shedding.drops(Shed.SIGNALS),
        )
        self.attendance = Attendance(self.hub, self.presence, self.typing, publish=self.bus.publish, spawn=self.spawn)
        self.relay = Relay(
            self.store,
            self.bus,
            self.hub,
            spawn=self.spawn,
            on_person=self.attendance.person_changed,
            on_typing=self.attendance.typing_changed,
            on_place=self._place_changed,
            ring_size=settings.ring_size,
            sweep_interval_s=settings.sweep_interval_s,
        )
        self.attendance.relay = self.relay
        self.place = Place(name=settings.name, guests="yes" if settings.guests else "no")
        """As the settings have it until somebody sets it up; then as the store has it."""
        self._context = context = self._new_context()
        self._open_doors(context)
        self.files = Files(context, settings.data / FILES, clock=time.monotonic, new_id=lambda: secrets.token_hex(16))
        self.look_at_invite: Callable[[str], Awaitable[Invited]] = partial(look_at, context)
        self._caretaker = Caretaker(context)
        self._service = Service(context, clock=time.monotonic)
        self.epoch = ""
        self.draining = False
        self._under_way = 0
        """Commands that are being done."""
        self.store.on_commit = self._committed
        self.router = self._routes()

    def _open_doors(self, context: Context) -> None:
        """How people come in."""
        clock, passwords = time.monotonic, Passwords()
        self.people = People(context)
        self.mail = Mail(self.settings)
        self.accounts = Accounts(context, passwords, clock=clock)
        self.links = Links(context, self.accounts, passwords, self.mail, clock=clock, spawn=self.spawn)
        self.auth = Auth(self.people, self.settings, context.place)
        self.identities = Identities(context)
        self.openid = load_openid(self.settings, CALLBACK, clock=clock)
        self.passkeys = load_passkeys(context, self.accounts, clock=clock)
        self._passwords = passwords

    def _new_context(self) -> Context:
        return Context(
            store=self.store,
            bus=self.bus,
            presence=self.presence,
            settings=self.settings,
            now=_now_ms,
            place=lambda: self.place,
            new_token=lambda: secrets.token_urlsafe(32),
            preview=load_previews(self.settings, clock=time.monotonic),
            shedding=self.shedding,
        )

    def _routes(self) -> APIRouter:
        router = APIRouter()
        pages = (socket_router, ops_router, door_router, forms_router, openid_router, page_router)
        put_side_by_side(router, [tutorial_router(self), *api_parts(self), *(part(self) for part in pages)])
        return router

    # Life ----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        """For `FastAPI(lifespan=chat.lifespan)`. Raises SetupError when the chat cannot start."""
        await self.start()
        try:
            yield {}
        finally:
            await self.stop()

    async def start(self) -> None:
        """Opens the database and begins to listen. Raises SetupError with one clear line."""
        make_folder(self.settings.data)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._tasks.stop)
            await self.store.start()
            stack.push_async_callback(self.store.stop)
            await self.files.blobs.open()
            await self.bus.start()
            self.epoch, place = await self.store.read(lambda reader: (reader.epoch(), reader.place()))
            self.place = place or self.place
            self.spawn(self.relay.sweep())
            self.spawn(self._caretaker.run())
            self.spawn(self._cut_stalled())
            self.spawn(self.files.sweep())
            self.spawn(watch_loop(self._look))
            stack.pop_all()

    async def stop(self) -> None:
        """Finishes the writes that were handed in, and ends. Safe to call twice."""
        self.draining = True
        for connection in self.hub.connections():
            connection.outlet.abort()
        await self._tasks.stop()
        await self.bus.stop()
        await self.store.stop()
        self._passwords.stop()

    async def owner_link(self, address: str) -> str | None:
        """A link for whoever is to own this place, to be shown to them alone; an earlier one does not work any more.
        `address`: how they reach the chat. None when there is an owner."""
        code = await self.links.new_owner_code()
        return owner_link(address, code) if code else None

    async def drain(self) -> None:
        """Before a restart: refuses new commands and new sockets, finishes the commands that are under way, and tells
        everybody when to come back, spread over some time. Whatever clients do, it returns within LAST_COMMANDS_S and
        LAST_WORDS_S."""
        self.draining = True
        await _until(lambda: not self._under_way, LAST_COMMANDS_S)
        connections = list(self.hub.connections())
        spread_ms = min(RETURN_SPREAD_MAX_MS, RETURN_SPREAD_PER_CONNECTION_MS * len(connections))
        for connection in connections:
            if connection.ready and not connection.plain:
                signal = Restarting(retry_in_ms=500 + random.randint(0, spread_ms))
                self.hub.tell(connection, signal.model_dump_json())
        await _until(lambda: not any(connection.outlet.buffered() for connection in connections), LAST_WORDS_S)

    # What happens ----------------------------------------------------------------------------------------------

    async def perform(self, me: Person, command: AnyCommand) -> Value:
        """Does what the command says in the name of `me`; returns its answer once it is durable.
        Raises HubbubError."""
        began, kind = time.perf_counter(), command.type
        self._under_way += 1
        try:
            self.must_go_on()
            value = await self._service.perform(me, command)
        except HubbubError as error:
            self.counts.commands[kind, error.code] += 1
            raise
        except Exception:
            self.counts.commands[kind, HubbubError.default_code] += 1
            raise
        finally:
            self._under_way -= 1
        self.counts.commands[kind, "ok"] += 1
        if isinstance(command, Post):
            self.counts.post_seconds.observe(time.perf_counter() - began)
        return value

    async def export(self, me: Person) -> AsyncIterator[str]:
        """Everything of one's own, as JSON in pieces. Raises RateLimited."""
        self.must_go_on()
        self._service.take_turn(me)
        return export(self._context, me)

    def cut(self, connection: Connection, reason: str) -> None:
        """Ends a connection for which nothing else can be done. Its client comes back with its cursors."""
        self.counts.cuts[reason] += 1
        log.info("connection cut", extra={"fields": {"reason": reason, "connection": connection.name}})
        connection.outlet.abort()

    async def admit(self, connection: HTTPConnection) -> None:
        """Before a handshake. HTTPException: so a server answers with a response in place of a WebSocket."""
        try:
            self.must_go_on()
            if connection.scope["type"] == "websocket":
                self.addresses.take("handshakes", connection)
                self.addresses.check_space(connection)
        except (Unavailable, RateLimited) as error:
            raise HTTPException(error.status, error.words, retry_after(error)) from None

    def must_go_on(self) -> None:
        """Raises Unavailable when the server is about to restart: nothing new may begin."""
        if self.draining:
            raise Unavailable("The server is restarting. Try again in a moment.", code="restarting", retry_after_s=2.0)

    def _committed(self, news: Sequence[Committed | Envelope]) -> None:
        """From the store to the bus, in the order of commit."""
        for item in news:
            if isinstance(item, Envelope):
                self.bus.publish(item)
                if item.ends and item.erases:
                    self._context.erasing.set()
                    self._context.sweeping.set()
                continue
            self.counts.events += 1
            event = item.event
            erases = isinstance(event, ERASING)
            self.bus.publish(
                Envelope(
                    room=event.room,
                    seq=event.seq,
                    frame=item.frame,
                    plain=plain_text(event),
                    erases=erases,
                )
            )
            if erases:
                self._context.sweeping.set()
            if isinstance(event, (MessagePosted, MemberLeft)):
                self.attendance.stop_typing(event.room, event.person if isinstance(event, MemberLeft) else event.by)

    def _place_changed(self, place: Place) -> None:
        self.place, frame = place, PlaceChanged(place=place.shown).model_dump_json()
        for connection in self.hub.connections():
            if connection.person.kind != "account" and self.place.guests == "no":
                connection.end(CloseCode.SIGN_IN_NEEDED, "Guests are not welcome here any more.")
            elif connection.ready and not connection.plain:
                self.hub.tell(connection, frame)

    def _look(self, lag_s: float) -> None:
        """Twice a second: how much there is to do, and what is left out because of it."""
        self.counts.loop_lag_seconds.observe(lag_s)
        waiting, before = self.store.load(), self.shedding.step
        load = Load(lag_s, waiting.writes_waiting, waiting.reads_waiting)
        step = self.shedding.look(load)
        if step and not before:
            words = "overload begins: the loop is %.1f s late, %d writes and %d reads wait; %s left out"
            log.warning(words, *load, step.name.lower())
        elif before and not step:
            log.warning("overload has ended: everything is done again")

    async def _cut_stalled(self) -> None:
        """Cuts connections that have read nothing for `stall_timeout_s`, until cancelled."""
        timeout_s = self.settings.stall_timeout_s
        while True:
            await asyncio.sleep(timeout_s / STALL_CHECKS)
            now = asyncio.get_running_loop().time()
            for connection in self.hub.connections():
                since = connection.outlet.stalled_since()
                if since is not None and now - since > timeout_s:
                    self.cut(connection, "stalled")


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole program as an ASGI application; its `Chat` is `app.state.chat`."""
    chat = Chat(settings)
    app = FastAPI(
        title=chat.settings.name,
        version=__version__,
        lifespan=chat.lifespan,
        docs_url=None,  # its page would need scripts of another origin: see docs/http.md
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.chat = chat
    app.add_middleware(Requests, counts=chat.counts)
    app.add_middleware(SecurityHeaders)  # around it: for its answers too
    put_side_by_side(app.router, [chat.router])
    add_lost_pages(app, lambda: chat.place)
    return app


def _call_later(seconds: float, work: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, work)


async def _until(condition: Callable[[], bool], patience_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            while not condition():
                await asyncio.sleep(0.01)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
