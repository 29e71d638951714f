"""Passkeys: sign-in by a key that never leaves somebody's device (Web Authentication, Level 3). Needs the extra
`passkeys`."""

import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hubbub.core.addresses import home_of
from hubbub.core.challenges import Challenges, Site
from hubbub.core.limits import Meter, Rate
from hubbub.core.models import Passkey, Person
from hubbub.core.text import clean_name
from hubbub.core.visits import Visit
from hubbub.errors import Conflict, Forbidden, HubbubError, Invalid, NotFound, RateLimited, SignInNeeded
from hubbub.service.accounts import Accounts, Entered, account_of, begin_session
from hubbub.service.context import Context
from hubbub.service.people import end_session
from hubbub.store import SignedIn, StoredPasskey, Transaction

PASSKEYS_MAX = 20
SIGN_INS = Rate(per_second=1 / 3, burst=60)
"""From one network."""
SIGN_IN = "to sign in"

log = logging.getLogger(__name__)

Json = dict[str, Any]
T = TypeVar("T")


class Passkeys:
    """`clock` gives seconds that never go backwards."""

    def __init__(self, context: Context, accounts: Accounts, *, clock: Callable[[], float]) -> None:
        self._context = context
        self._accounts = accounts
        self._clock = clock
        self._challenges = Challenges()
        self._sign_ins = Meter(SIGN_INS)

    # One's own -----------------------------------------------------------------------------------------------

    async def passkeys(self, me: Person) -> list[Passkey]:
        """The oldest first."""
        return [_shown(one) for one in await self._stored(me)]

    async def options(self, me: Person, password: str, site: Site, visit: Visit) -> Json:
        """What `navigator.credentials.create` is to be called with (section 5.4). Raises Forbidden `no_account`,
        SignInNeeded `wrong_password`, RateLimited, Conflict `too_many_passkeys`."""
        account = await self._accounts.account(me)
        if account.password_hash:
            await self._accounts.check_password(account, password, visit)
        known = await self._stored(me)
        _must_be_few(known)
        options = generate_registration_options(
            rp_id=site.host,
            rp_name=self._context.place().name,
            user_id=me.id.encode(),
            user_name=account.login,
            user_display_name=me.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(one.id)) for one in known],
        )
        self._challenges.give(bytes_to_base64url(options.challenge), _adding(me), self._clock())
        return dict(json.loads(options_to_json(options)))

    async def add(self, me: Person, name: str, credential: Json, site: Site) -> Passkey:
        """Raises Invalid `bad_name` or `passkey_not_made`, Forbidden `no_account`, Conflict."""
        name = clean_name(name)
        refusal = Invalid("This is no passkey for here, or it took too long. Try again.", code="passkey_not_made")
        challenge = self._challenge_in(credential, _adding(me), refusal)
        made = _judged(
            refusal,
            lambda: verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                require_user_verification=True,
            ),
        )
        now = self._context.now()
        public = bytes_to_base64url(made.credential_id)
        stored = StoredPasskey(public, me.id, made.credential_public_key, made.sign_count, name, now, now)

        def change(tx: Transaction) -> None:
            account_of(tx, me)
            _must_be_few(tx.passkeys_of(me.id))
            tx.add_passkey(stored)

        await self._context.store.write(change)
        return _shown(stored)

    async def remove(self, me: Person, passkey: str) -> None:
        """Raises NotFound `passkey_not_found`, Forbidden `last_way_in` for somebody who could not sign in any more."""

        def change(tx: Transaction) -> None:
            known = tx.passkeys_of(me.id)
            account = tx.account(me.id)
            if account is None or all(one.id != passkey for one in known):
                raise NotFound("There is no such passkey.", code="passkey_not_found")
            others = len(known) > 1 or tx.has_identity(me.id, self._context.settings.oidc_issuer)
            if not account.password_hash and not others:
                words = "You have no password and no other passkey: you could not sign in any more."
                raise Forbidden(words, code="last_way_in")
            tx.drop_passkey(me.id, passkey)

        await self._context.store.write(change)

    # Signing in ----------------------------------------------------------------------------------------------

    def challenge(self, site: Site, visit: Visit) -> Json:
        """What `navigator.credentials.get` is to be called with (section 5.5): the device knows whose passkeys it has.
        Raises RateLimited."""
        if wait_s := self._sign_ins.take(home_of(visit.address), self._clock()):
            raise RateLimited("That was tried too often. Wait a little.", retry_after_s=wait_s)
        options = generate_authentication_options(
            rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
        )
        self._challenges.give(bytes_to_base64url(options.challenge), SIGN_IN, self._clock())
        return dict(json.loads(options_to_json(options)))

    async def sign_in(self, credential: Json, site: Site, visit: Visit, before: SignedIn | None = None) -> Entered:
        """The session from `before`, of the same browser, ends. Raises SignInNeeded `bad_passkey`."""
        refusal = SignInNeeded("This passkey is not known here, or it took too long. Try again.", code="bad_passkey")
        challenge = self._challenge_in(credential, SIGN_IN, refusal)
        public = str(credential.get("id"))
        stored = await self._context.store.read(lambda reader: reader.passkey(public))
        if stored is None or not _is_about(credential, stored.person):
            raise refusal
        used = _judged(
            refusal,
            lambda: verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=stored.public_key,
                credential_current_sign_count=stored.sign_count,
                require_user_verification=True,
            ),
        )
        token = self._context.new_token()

        def change(tx: Transaction) -> Entered:
            person = tx.person(stored.person)
            if person is None or tx.passkey(public) is None:
                raise refusal  # it has been removed meanwhile
            tx.used_passkey(public, used.new_sign_count, self._context.now())
            if before:
                end_session(tx, before.person.id, before.session)
            return begin_session(self._context, tx, person, token, visit)

        return await self._context.store.write(change)

    async def _stored(self, me: Person) -> list[StoredPasskey]:
        return await self._context.store.read(lambda reader: reader.passkeys_of(me.id))

    def _challenge_in(self, credential: Json, purpose: str, refusal: HubbubError) -> bytes:
        """The one that was signed, if we have given it for that, a short while ago, and it has not come back before."""
        signed = _judged(
            refusal,
            lambda: parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge,
        )
        if not self._challenges.take(bytes_to_base64url(signed), purpose, self._clock()):
            raise refusal
        return signed


def _judged(refusal: HubbubError, work: Callable[[], T]) -> T:
    """What comes from outside can be wrong in more ways than the library has errors for: each of them is a refusal."""
    try:
        return work()
    except Exception as error:
        log.info("a passkey was refused", extra={"fields": {"why": repr(error)[:300]}})
        raise refusal from None


def _is_about(credential: Json, person: str) -> bool:
    """The device says for whom it has signed (section 7.2, step 6)."""
    handle = credential.get("response", {}).get("userHandle")
    return handle is None or handle == bytes_to_base64url(person.encode())


def _must_be_few(known: list[StoredPasskey]) -> None:
    if len(known) >= PASSKEYS_MAX:
        raise Conflict(f"You have {PASSKEYS_MAX} passkeys. Remove one first.", code="too_many_passkeys")


def _adding(me: Person) -> str:
    return f"to add one to {me.id}"


def _shown(stored: StoredPasskey) -> Passkey:
    return Passkey(id=stored.id, name=stored.name, created_at=stored.created_at, used_at=stored.used_at)
