"""The same verbs over HTTP, under /api. Each route builds the command and hands it to `Chat.perform`."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from hubbub.protocol import Problem
from hubbub.web.api.messages import messages_router
from hubbub.web.api.people import people_router
from hubbub.web.api.rooms import rooms_router
from hubbub.web.api.search import search_router
from hubbub.web.problems import ProblemRoute

if TYPE_CHECKING:
    from hubbub.app import Chat

_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        401: "Nobody is signed in.",
        403: "This person may not do this.",
        404: "There is no such thing.",
        409: "It contradicts what is already there.",
        422: "The request has a mistake.",
        429: "Too fast: see `retry_after_s`.",
        503: "The server cannot do it now.",
    }.items()
}


def api_router(chat: "Chat") -> APIRouter:
    """For the prefix `/api`."""
    router = APIRouter(route_class=ProblemRoute, responses=_RESPONSES)
    router.include_router(people_router(chat))
    router.include_router(rooms_router(chat))
    router.include_router(messages_router(chat))
    router.include_router(search_router(chat))
    return router
