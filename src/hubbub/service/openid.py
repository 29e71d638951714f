"""Asks an OpenID Connect provider who somebody is: by the code flow (OpenID Connect Core 1.0, section 3.1), with PKCE
(RFC 7636). Needs the extra `oidc`."""

import logging
from collections.abc import Callable
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hubbub.core.addresses import home_of
from hubbub.core.limits import Meter, Rate
from hubbub.core.visits import Visit
from hubbub.errors import Forbidden, RateLimited, Unavailable
from hubbub.service.context import token_hash
from hubbub.service.identities import Identified, state_of
from hubbub.settings import Settings

TIMEOUT_S = 10.0
METADATA_LASTS_S = 3600.0
CLOCKS_DIFFER_S = 120
QUESTIONS = Rate(per_second=1 / 3, burst=60)
"""To the provider, because of one network."""
SCOPE = "openid profile email"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""None by which whoever can check a signature could also make one, and not `none` (RFC 8725, section 3.1)."""

log = logging.getLogger(__name__)


class OpenId:
    """`redirect_uri` is the address at which the provider sends people back. `clock` gives seconds that never go
    backwards.

    Everything that binds an answer to the browser that asked comes from one secret, which that browser keeps."""

    def __init__(self, settings: Settings, redirect_uri: str, *, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._questions = Meter(QUESTIONS)

    async def address(self, secret: str) -> str:
        """Where to send somebody who is to say who they are. Raises Unavailable."""
        try:
            async with self._client() as client:
                metadata = await self._about_provider(client)
                url, _ = client.create_authorization_url(
                    metadata["authorization_endpoint"],
                    state=state_of(secret),
                    nonce=_nonce_of(secret),
                    code_verifier=_verifier_of(secret),
                )
                return str(url)
        except (httpx2.HTTPError, AuthlibBaseError, ValueError, KeyError) as error:
            raise self._unavailable(error) from None

    async def identify(self, secret: str, code: str, visit: Visit) -> Identified:
        """Whom the code is about, which the provider has sent with `state_of(secret)`. Raises RateLimited, Unavailable,
        or Forbidden `not_identified` when the answer is not what the standard asks for."""
        if wait_s := self._questions.take(home_of(visit.address), self._clock()):
            raise RateLimited("That was tried too often. Wait a little.", retry_after_s=wait_s)
        try:
            async with self._client() as client:
                metadata = await self._about_provider(client)
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=_verifier_of(secret)
                )
                answer = await client.request("GET", metadata["jwks_uri"], withhold_token=True)
                keys = KeySet.import_key_set(answer.raise_for_status().json())
            return self._read(token, keys, _nonce_of(secret))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unavailable(error) from None
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("the provider's answer was refused", extra={"fields": {"why": repr(error)[:300]}})
            words = f"{self._settings.oidc_name} did not say who you are. Try to sign in again."
            raise Forbidden(words, code="not_identified") from None

    def _read(self, token: dict[str, Any], keys: KeySet, nonce: str) -> Identified:
        """Checks the ID token (OpenID Connect Core 1.0, section 3.1.3.7)."""
        decoded = jwt.decode(token["id_token"], keys, algorithms=ALGORITHMS)
        issuer = self._metadata["issuer"]
        asked = {"iss": {"essential": True, "value": issuer}, "sub": {"essential": True}}
        known = {"nonce": nonce, "client_id": self._settings.oidc_client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, asked, known)
        claims.validate(leeway=CLOCKS_DIFFER_S)
        email = _text(claims, "email") if claims.get("email_verified") is True else ""
        return Identified(issuer, str(claims["sub"]), _text(claims, "preferred_username"), _text(claims, "name"), email)

    async def _about_provider(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """Its metadata (OpenID Connect Discovery 1.0, section 4), which must be about the issuer that was asked."""
        if self._clock() >= self._metadata_until:
            issuer = self._settings.oidc_issuer
            where = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"
            answer = await client.request("GET", where, withhold_token=True)
            found = answer.raise_for_status().json()
            if not isinstance(found, dict) or found.get("issuer") != issuer:
                raise ValueError(f"it says that it is {found.get('issuer') if isinstance(found, dict) else found!r}")
            self._metadata, self._metadata_until = found, self._clock() + METADATA_LASTS_S
        methods = self._metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self._settings.oidc_client_secret and "client_secret_basic" not in methods:
            client.token_endpoint_auth_method = "client_secret_post"
        return self._metadata

    def _client(self) -> AsyncOAuth2Client:
        settings = self._settings
        return AsyncOAuth2Client(
            settings.oidc_client_id,
            settings.oidc_client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if settings.oidc_client_secret else "none",
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
        )

    def _unavailable(self, error: Exception) -> Unavailable:
        fields = {"issuer": self._settings.oidc_issuer, "why": repr(error)[:300]}
        log.warning("the provider cannot be asked", extra={"fields": fields})
        words = f"{self._settings.oidc_name} cannot be reached now. Try again in a moment."
        return Unavailable(words, code="provider_unavailable")


def _nonce_of(secret: str) -> str:
    return token_hash(f"nonce {secret}")


def _verifier_of(secret: str) -> str:
    return token_hash(f"verifier {secret}")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
