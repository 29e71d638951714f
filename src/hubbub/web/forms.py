"""The pages before the chat: sign in, sign up, set up, a new password. They are plain forms and need no script."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from hubbub.core.logins import EMAIL_MAX_CHARS, LOGIN_MAX_CHARS, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS
from hubbub.core.models import LOBBY, Person, Place
from hubbub.core.text import NAME_MAX_CHARS
from hubbub.errors import HubbubError, Invalid
from hubbub.service.accounts import Entered, NewAccount
from hubbub.service.links import PlaceForm
from hubbub.web.auth import check_same_origin, drop_session_cookie, is_secure, set_session_cookie, visit_of
from hubbub.web.page import plain_page, problem_page
from hubbub.web.routes import page_part

if TYPE_CHECKING:
    from hubbub.app import Chat

JOINING = (
    ("open", "Everybody who finds this place"),
    ("invite", "Only people who were invited"),
    ("approval", "Everybody, once a moderator has approved"),
)
GUESTS = (("yes", "May read and write"), ("read_only", "May only read"), ("no", "May not come in"))
Given = Mapping[str, str]


class Field(NamedTuple):
    name: str
    label: str
    type: str = "text"
    autocomplete: str = "off"
    limit: int = NAME_MAX_CHARS
    required: bool = True
    note: str = ""
    value: str = ""
    first: bool = False
    heading: str = ""
    choices: tuple[tuple[str, str], ...] = ()


LOGIN = Field("login", "Login name", autocomplete="username", limit=LOGIN_MAX_CHARS)
NEW_LOGIN = LOGIN._replace(note="You sign in with it. Letters, digits, dots, hyphens and underscores.")
PASSWORD = Field("password", "Password", "password", "current-password", PASSWORD_MAX_CHARS)
NEW_PASSWORD = PASSWORD._replace(
    autocomplete="new-password",
    note=f"At least {PASSWORD_MIN_CHARS} characters. Several words are a good one.",
)
NAME = Field("name", "Your name", autocomplete="nickname", required=False, note="As others see it.")
EMAIL = Field("email", "E-mail address", "email", "email", EMAIL_MAX_CHARS, required=False)


class Form(NamedTuple):
    """One page: what it asks for. Without a button it only says something."""

    title: str
    fields: tuple[Field, ...] = ()
    button: str = ""
    words: str = ""
    links: tuple[tuple[str, str], ...] = ()
    provider: tuple[str, str] | None = None
    """Another way in: its address and its name."""
    passkeys: bool = False
    """Whether one can sign in here by a passkey, to go on at `next`."""
    next: str = "/"


def forms_router(chat: "Chat") -> APIRouter:
    router = page_part()
    forms = Forms(chat)

    def route(
        path: str, show: Callable[[Request], Awaitable[Response]], take: Callable[[Request], Awaitable[Response]]
    ) -> None:
        router.add_api_route(path, show, methods=["GET"], response_model=None)
        router.add_api_route(path, take, methods=["POST"], response_model=None)

    route("/sign-in", forms.show_sign_in, forms.sign_in)
    route("/sign-in/{invite}", forms.show_sign_in, forms.sign_in)
    route("/sign-up", forms.show_sign_up, forms.sign_up)
    route("/sign-up/{invite}", forms.show_sign_up, forms.sign_up)
    route("/forgot", forms.show_forgot, forms.ask_for_reset)
    route("/reset/{code}", forms.show_reset, forms.reset)
    route("/setup/{code}", forms.show_set_up, forms.set_up)
    router.add_api_route("/sign-out", forms.sign_out, methods=["POST"], response_model=None)
    return router


class Forms:
    def __init__(self, chat: "Chat") -> None:
        self._chat = chat

    # Sign in and out -----------------------------------------------------------------------------------------

    async def show_sign_in(self, request: Request) -> Response:
        return self._show(request, self._sign_in_form(request))

    async def sign_in(self, request: Request) -> Response:
        async def work(given: Given) -> Entered:
            before = await self._chat.auth.session_of(request)
            return await self._chat.accounts.sign_in(given["login"], given["password"], visit_of(request), before)

        return await self._take(request, self._sign_in_form(request), work)

    async def sign_out(self, request: Request) -> Response:
        try:
            check_same_origin(request, self._chat.settings)
            if session := await self._chat.auth.session_of(request):
                await self._chat.people.leave(session)
        except HubbubError as error:
            return problem_page(request, self._chat.place.name, error)
        response = RedirectResponse(f"{request.scope.get('root_path', '')}/sign-in", 303)
        drop_session_cookie(response, secure=is_secure(request))
        return response

    def _sign_in_form(self, request: Request) -> Form:
        links = [("/forgot", "I have forgotten my password")]
        invite = request.path_params.get("invite")
        if invite:
            links.append((f"/i/{invite}", "Back to the invitation"))
        elif self._chat.place.joining != "invite":
            links.append(("/sign-up", "I have no account yet: sign up"))
        if self._chat.place.guests != "no" and not invite:
            links.append(("/", "Go on as a guest"))
        login = LOGIN._replace(label="Login name or e-mail address", limit=EMAIL_MAX_CHARS, first=True)
        form = Form("Sign in", (login, PASSWORD), "Sign in", links=tuple(links), provider=self._provider(invite))
        return form._replace(passkeys=self._chat.passkeys is not None, next=f"/i/{quote(invite)}" if invite else "/")

    # Sign up -------------------------------------------------------------------------------------------------

    async def show_sign_up(self, request: Request) -> Response:
        return self._show(request, await self._sign_up_form(request))

    async def sign_up(self, request: Request) -> Response:
        async def work(given: Given) -> Entered:
            account = new_account(given)._replace(invite=request.path_params.get("invite", ""))
            return await self._chat.accounts.sign_up(account, visit_of(request), await self._guest(request))

        return await self._take(request, await self._sign_up_form(request), work)

    async def _sign_up_form(self, request: Request) -> Form:
        invite = request.path_params.get("invite")
        links = ((f"/sign-in/{invite}" if invite else "/sign-in", "I have an account: sign in"),)
        place = self._chat.place
        if place.joining == "invite" and not invite:
            words = f"{place.name} is for people with an invitation. Ask somebody who is in for a link."
            return Form("Sign up", words=words, links=links)
        waits = place.joining == "approval" and not invite
        words = "A moderator looks at each new account before you can come in." if waits else ""
        guest = await self._guest(request)
        if guest:
            words = f"You are {guest.name} now. Your messages and rooms stay yours. {words}".rstrip()
        return Form("Sign up", self._about_you(guest), "Sign up", words, links, self._provider(invite))

    def _provider(self, invite: str | None) -> tuple[str, str] | None:
        address = f"/oidc/{quote(invite)}" if invite else "/oidc"
        return (address, self._chat.settings.oidc_name) if self._chat.openid else None

    def _about_you(self, guest: Person | None) -> tuple[Field, ...]:
        use = "To get back in when you forget your password. You may leave it empty."
        email = EMAIL._replace(note=use if self._chat.mail.works else "You may leave it empty, or sign in with it.")
        name = NAME._replace(value=guest.name if guest else "")
        return (NEW_LOGIN._replace(first=True), NEW_PASSWORD, name, email)

    # A new password ------------------------------------------------------------------------------------------

    async def show_forgot(self, request: Request) -> Response:
        return self._show(request, self._forgot_form())

    async def ask_for_reset(self, request: Request) -> Response:
        async def work(given: Given) -> None:
            await self._chat.links.ask_for_reset(given.get("login", ""), visit_of(request))

        sent = "If there is an account with an e-mail address under this name, a link is on its way to it."
        return await self._take(request, self._forgot_form(), work, Form("Look into your mail", words=sent))

    def _forgot_form(self) -> Form:
        back = (("/sign-in", "Back"),)
        if not self._chat.mail.works:
            words = "This place sends no mail. Ask an owner of it for a link by which you choose a new password."
            return Form("A new password", words=words, links=back)
        login = LOGIN._replace(label="Login name or e-mail address", limit=EMAIL_MAX_CHARS, first=True)
        words = "You get a link by mail, if your account has an e-mail address. Otherwise ask an owner of this place."
        return Form("A new password", (login,), "Send me a link", words, back)

    async def show_reset(self, request: Request) -> Response:
        return await self._with_link(request, self._reset_form, lambda form: self._show(request, form))

    async def reset(self, request: Request) -> Response:
        async def work(given: Given) -> Entered:
            return await self._chat.links.reset(request.path_params["code"], given["password"], visit_of(request))

        return await self._take(request, self._reset_form(None), work)

    def _reset_form(self, person: Person | None) -> Form:
        words = f"For {person.name}. " if person else ""
        password = NEW_PASSWORD._replace(label="New password", first=True)
        words += "Whoever is signed in with the old one is signed out."
        return Form("Choose a new password", (password,), "Use it", words)

    # The first owner -----------------------------------------------------------------------------------------

    async def show_set_up(self, request: Request) -> Response:
        guest = await self._guest(request)
        return await self._with_link(
            request, lambda _: self._set_up_form(guest), lambda form: self._show(request, form), kind="owner"
        )

    async def set_up(self, request: Request) -> Response:
        guest = await self._guest(request)

        async def work(given: Given) -> Entered:
            code = request.path_params["code"]
            return await self._chat.links.set_up(code, place_of(given), new_account(given), visit_of(request), guest)

        return await self._take(request, self._set_up_form(guest), work)

    def _set_up_form(self, guest: Person | None) -> Form:
        place = self._chat.place
        about_you = self._about_you(guest)
        fields = (
            Field("place", "What is this place called?", value=place.name, first=True),
            Field("joining", "Who may make an account?", value=place.joining, choices=JOINING),
            Field("guests", "People without an account", value=place.guests, choices=GUESTS),
            about_you[0]._replace(first=False, heading="Your own account, the owner's"),
            *about_you[1:],
        )
        words = "Welcome. Three things about this place, and an account for you. All of it can be changed later."
        return Form("Set up your chat", fields, "Begin", words)

    # What all have in common ---------------------------------------------------------------------------------

    async def _guest(self, request: Request) -> Person | None:
        session = await self._chat.auth.session_of(request)
        return session.person if session and session.person.kind == "guest" else None

    async def _with_link(
        self,
        request: Request,
        form: Callable[[Person | None], Form],
        show: Callable[[Form], Response],
        kind: str = "reset",
    ) -> Response:
        try:
            person = await self._chat.links.check("owner" if kind == "owner" else "reset", request.path_params["code"])
        except HubbubError as error:
            return problem_page(request, self._chat.place.name, error)
        return show(form(person))

    async def _take(
        self,
        request: Request,
        form: Form,
        work: Callable[[Given], Awaitable[Entered | None]],
        done: Form | None = None,
    ) -> Response:
        """Does what a form asks for. A refusal shows it again with all that was written, but no password."""
        given = await given_in(request, form)
        try:
            check_same_origin(request, self._chat.settings)
            self._chat.must_go_on()
            entered = await work(given)
        except HubbubError as error:
            if error.code in ("foreign_origin", "link_not_found"):
                return problem_page(request, self._chat.place.name, error)
            return self._show(request, form, given, error)
        if entered is None:
            return self._show(request, done or form)
        return let_in(request, entered, request.path_params.get("invite", ""))

    def _show(
        self, request: Request, form: Form, given: Given | None = None, problem: HubbubError | None = None
    ) -> Response:
        kept = {name: value for name, value in (given or {}).items() if name != "password"}
        shown = form._asdict() | {"fields": [f._replace(value=kept.get(f.name, f.value)) for f in form.fields]}
        status, words = (problem.status, problem.words) if problem else (200, "")
        return plain_page(request, "form.html", status, place=self._chat.place.name, problem=words, **shown)


def let_in(request: Request, entered: Entered, invite: str) -> Response:
    """With a new session; who signs in on the way to an invitation, goes back to it."""
    if entered.room is None and invite and not entered.person.waits:
        to = f"/i/{quote(invite)}"
    else:
        to = "/" if entered.room in (None, LOBBY) else f"/r/{entered.room}"
    response = RedirectResponse(f"{request.scope.get('root_path', '')}{to}", 303, {"Cache-Control": "no-store"})
    set_session_cookie(response, entered.token, secure=is_secure(request))
    return response


async def given_in(request: Request, form: Form) -> Given:
    """What was written into the form's fields; what is missing or is no text is empty."""
    sent = await request.form(max_files=0, max_fields=20)
    return {field.name: value if isinstance(value := sent.get(field.name), str) else "" for field in form.fields}


def new_account(given: Given) -> NewAccount:
    return NewAccount(given["login"], given["password"], given["name"], given["email"])


def place_of(given: Given) -> PlaceForm:
    """Raises Invalid for a choice that there is not."""
    try:
        place = Place.model_validate({"name": given["place"], "joining": given["joining"], "guests": given["guests"]})
    except ValidationError:
        raise Invalid("Choose who may make an account, and what people without one may do.") from None
    return PlaceForm(place.name, place.joining, place.guests)
