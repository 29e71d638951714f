"""Each request gets an id, and a line in the log when it has been answered; so does each WebSocket handshake."""

import logging
import re
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubbub.counts import Counts
from hubbub.errors import HubbubError
from hubbub.logs import new_request_id
from hubbub.web.problems import problem_response

QUIET = {"/healthz", "/readyz", "/metrics"}
"""Asked for every few seconds by machines: told only at the level debug."""
SECRETS = re.compile(r"/(setup|reset|sign-up|sign-in|oidc|i)/.*", re.DOTALL)
"""Paths that end in a code by which somebody comes in."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

log = logging.getLogger(__name__)


class Requests:
    """ASGI middleware. The id goes out as `X-Request-ID`; one that comes in is not believed: anybody could send it.
    A failure that nobody foresaw is logged once, and its answer names the id."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        name, began = new_request_id(), time.perf_counter()
        answered = False

        async def send_with_id(message: Message) -> None:
            nonlocal answered
            if not answered and (status := _status_in(message)):
                answered = True
                if message["type"] != "websocket.close":
                    message["headers"] = [*message.get("headers", ()), (b"x-request-id", name.encode())]
                self._tell(scope, status, time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            if scope["type"] == "websocket" or answered:
                raise  # the server logs it, in this same task
            log.exception("a request failed", extra={"fields": {"method": scope["method"], "path": _path(scope)}})
            failure = HubbubError(f"Something went wrong in the server. Its log says more about request {name}.")
            await problem_response(failure)(scope, receive, send_with_id)

    def _tell(self, scope: Scope, status: int, took_s: float) -> None:
        """Without the query, in which there may be what somebody wrote or searches."""
        method = scope.get("method", "GET")
        self._counts.responses[method if method in METHODS else "other", status] += 1
        level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
        if access.isEnabledFor(level):
            client = (scope.get("client") or ("",))[0]
            fields = {"method": method, "path": _path(scope), "status": status}
            access.log(level, "answered", extra={"fields": fields | {"ms": round(took_s * 1000, 1), "client": client}})


access = logging.getLogger("hubbub.access")


def _path(scope: Scope) -> str:
    """Without the code of a link: whoever reads the log must not come in by it."""
    return SECRETS.sub(r"/\1/…", str(scope["path"]))


def _status_in(message: Message) -> int | None:
    """The status of a response or handshake that begins with this message."""
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return HTTPStatus.SWITCHING_PROTOCOLS
        case "websocket.close":  # before it was accepted
            return HTTPStatus.FORBIDDEN
    return None
