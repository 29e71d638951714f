"""A provider of OpenID Connect that can be told to lie. A real one is in tests/browser/test_sign_in.py."""

import asyncio
import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from hubbub.server import listen
from hubbub.settings import Settings
from hubbub.testing.server import EndsAtOnce

CLIENT, SECRET = "hubbub", "a secret of the client, long enough"
Json = dict[str, Any]


class Provider:
    def __init__(self) -> None:
        self.issuer = ""
        self.person: Json = {"sub": "248289761001", "preferred_username": "jane", "name": "Jane Doe"}
        """Who sits at the browser."""
        self.change: Callable[[Json], Json] = dict
        """Of the claims, before they are signed."""
        self.key: RSAKey | OctKey = RSAKey.generate_key(2048, {"kid": "1"})
        self.shown = [self.key]
        """The keys that it tells of."""
        self.algorithm = "RS256"
        self.metadata: Json = {}
        """What it says otherwise of itself."""
        self.codes: dict[str, dict[str, str]] = {}
        """The questions to which they are the answers."""
        self.asked_as: list[str] = []
        """How clients have said who they are, at the token endpoint."""

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self.about)
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.token)
        app.get("/jwks")(lambda: {"keys": [key.as_dict(private=False) for key in self.shown]})
        return app

    def about(self) -> Json:
        paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in paths.items()} | self.metadata

    def authorize(self, request: Request) -> Response:
        question = dict(request.query_params)
        code = f"code-{len(self.codes)}"
        self.codes[code] = question
        return RedirectResponse(f"{question['redirect_uri']}?{urlencode({'code': code, 'state': question['state']})}")

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        question = self.codes.pop(form["code"], None)
        verified = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if question is None or question["code_challenge"] != verified or question["code_challenge_method"] != "S256":
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.asked_as.append(self._client(request, form))
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": question["nonce"]}
        claims = self.change(claims | self.person)
        signed = self._signed({"alg": self.algorithm, "kid": "1"}, claims)
        return JSONResponse({"access_token": "access", "token_type": "Bearer", "id_token": signed})

    def _signed(self, header: Json, claims: Json) -> str:
        if self.algorithm == "none":
            parts = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
            return ".".join([*parts, ""])
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def _client(self, request: Request, form: dict[str, str]) -> str:
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            assert b64decode(sent).decode().startswith(f"{CLIENT}:")
            return "client_secret_basic"
        assert form["client_id"] == CLIENT
        return "client_secret_post" if "client_secret" in form else "none"


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    provider = Provider()
    listener = listen(Settings(host="127.0.0.1", port=0))
    provider.issuer = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = EndsAtOnce(uvicorn.Config(provider.app(), log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield provider
    finally:
        server.end()
        await serving
