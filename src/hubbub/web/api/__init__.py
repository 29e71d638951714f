"""The same verbs over HTTP, under /api. Each route builds the command and hands it to `Chat.perform`."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from hubbub.protocol import Problem
from hubbub.web.api.accounts import accounts_router
from hubbub.web.api.files import files_router
from hubbub.web.api.invites import invites_router
from hubbub.web.api.members import members_router
from hubbub.web.api.messages import messages_router
from hubbub.web.api.my_data import my_data_router
from hubbub.web.api.order import order_router
from hubbub.web.api.people import people_router
from hubbub.web.api.place import place_router
from hubbub.web.api.rooms import rooms_router
from hubbub.web.api.search import search_router
from hubbub.web.api.sign_in import sign_in_router
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
    router.include_router(sign_in_router(chat))  # before the sessions with any id: it has paths of its own
    router.include_router(accounts_router(chat))
    router.include_router(invites_router(chat))  # before those whose paths end in any person: it has one of its own
    router.include_router(place_router(chat))
    router.include_router(rooms_router(chat))
    router.include_router(members_router(chat))
    router.include_router(messages_router(chat))
    router.include_router(files_router(chat))
    router.include_router(search_router(chat))
    router.include_router(order_router(chat))
    router.include_router(my_data_router(chat))
    return router
