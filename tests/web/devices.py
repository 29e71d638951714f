"""A device with passkeys, made of software: what an authenticator does (Web Authentication, Level 3, section 6.3)."""

import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

USER_PRESENT, USER_VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40
Json = dict[str, Any]


class Device:
    """Has one key. What it says of itself may be changed, to lie."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.host = origin.partition("://")[2].partition(":")[0]
        self.flags = USER_PRESENT | USER_VERIFIED
        self.counter = 0
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = b""

    def makes(self, options: Json) -> Json:
        """What `navigator.credentials.create` gives."""
        self.user_handle = options["user"]["id"].encode()
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        about = self._about(HAS_CREDENTIAL) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        client = self._client("webauthn.create", options)
        return self._credential(clientDataJSON=_text(client), attestationObject=_text(attestation))

    def signs(self, options: Json) -> Json:
        """What `navigator.credentials.get` gives."""
        self.counter += 1
        client, about = self._client("webauthn.get", options), self._about()
        signature = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            clientDataJSON=_text(client),
            authenticatorData=_text(about),
            signature=_text(signature),
            userHandle=self.user_handle.decode(),
        )

    def _about(self, flags: int = 0) -> bytes:
        return (
            hashlib.sha256(self.host.encode()).digest() + bytes([self.flags | flags]) + self.counter.to_bytes(4, "big")
        )

    def _client(self, kind: str, options: Json) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _credential(self, **response: str) -> Json:
        public = _text(self.id)
        return {"id": public, "rawId": public, "type": "public-key", "response": response}


def _text(value: bytes) -> str:
    return bytes_to_base64url(value)
