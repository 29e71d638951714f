"""For whoever runs the server: is it alive, does it take work, and how is it?"""

import asyncio
import hmac
from functools import cache
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from hubbub.errors import Forbidden, SignInNeeded, Unavailable
from hubbub.settings import Settings
from hubbub.store import Store
from hubbub.web.problems import ProblemRoute
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat
    from hubbub.web.metrics import Metrics

PATIENCE_S = 3.0
"""For one trial write: after that the answer is no."""
TRIAL_INTERVAL_S = 1.0
"""Whoever asks within this time of a trial gets its result: a storm of questions is not one of writes."""
OWN_ADDRESSES = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
OWN_NAMES = {"localhost", "127.0.0.1", "[::1]"}
SIGNS_OF_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def ops_router(chat: "Chat") -> APIRouter:
    router = page_part(route_class=ProblemRoute)
    trial = Trial(chat.store)

    @cache
    def all_metrics() -> "Metrics":
        from hubbub.web.metrics import Metrics  # and its library, not before somebody asks

        return Metrics(chat)

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def alive() -> Response:
        """Answers as long as the event loop runs, and touches nothing."""
        return JSONResponse({"status": "alive"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    async def ready() -> Response:
        """Whether work should be sent here; if not, why."""
        if chat.draining:
            raise Unavailable("The server is stopping.", code="restarting", retry_after_s=2.0)
        if not chat.epoch:
            raise Unavailable("The server is starting.", code="starting", retry_after_s=2.0)
        await trial.succeeds()
        return JSONResponse({"status": "ready"})

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        check_metrics_reader(request, chat.settings)
        return Response(all_metrics().text(), media_type=all_metrics().media_type)

    return router


class Trial:
    """Whether the store can write, found out by writing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: asyncio.Future[None] | None = None
        self._begun_at = 0.0

    async def succeeds(self) -> None:
        """Raises Unavailable with the reason when it does not."""
        trial, now = self._last, asyncio.get_running_loop().time()
        if trial is None or (trial.done() and now - self._begun_at >= TRIAL_INTERVAL_S):
            self._begun_at = now
            trial = self._last = asyncio.ensure_future(self._store.write(lambda tx: tx.touch()))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.shield(trial)
        except TimeoutError:
            raise Unavailable("The store takes too long to write.", retry_after_s=5.0) from None


def check_metrics_reader(request: Request, settings: Settings) -> None:
    """Raises SignInNeeded or Forbidden. The name that was asked for counts too: a proxy on this machine that says
    nothing of its clients still has to pass on the public name, or no page could open its WebSocket."""
    if settings.metrics_token:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), settings.metrics_token.encode()):
            raise SignInNeeded("Show the setting metrics_token: `Authorization: Bearer TOKEN`.")
        return
    here = request.client is not None and request.client.host in OWN_ADDRESSES
    name = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
    if not here or name.lower() not in OWN_NAMES or any(header in request.headers for header in SIGNS_OF_A_PROXY):
        raise Forbidden("Only a program on this machine may read this. Set metrics_token to read it from elsewhere.")
