"""The same verbs over HTTP, under /api. Each route builds the command and hands it to `Chat.perform`."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

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

if TYPE_CHECKING:
    from hubbub.app import Chat


def api_parts(chat: "Chat") -> list[APIRouter]:
    """All of `/api`."""
    return [
        people_router(chat),
        sign_in_router(chat),  # before the sessions with any id: it has paths of its own
        accounts_router(chat),
        invites_router(chat),  # before those whose paths end in any person: it has one of its own
        place_router(chat),
        rooms_router(chat),
        members_router(chat),
        messages_router(chat),
        files_router(chat),
        search_router(chat),
        order_router(chat),
        my_data_router(chat),
    ]
