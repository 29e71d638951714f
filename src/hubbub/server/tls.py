"""TLS without a proxy: a certificate that is read again when its files change, as renewals make them."""

import logging
import ssl
from pathlib import Path

from hubbub.errors import SetupError

log = logging.getLogger(__name__)


class Certificate:
    """`context` is what connections are accepted with; those that are open keep what they began with.
    Raises SetupError when the files cannot be used."""

    def __init__(self, chain: Path, key: Path) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)  # TLS 1.2 and newer
        self._chain, self._key = chain, key
        self._seen = self._state()
        try:
            self._load()
        except (OSError, ValueError) as error:
            raise SetupError(f"Cannot use the certificate {chain} with the key {key}: {_why(error)}.") from None

    def look(self) -> bool:
        """Reads the files again if they have changed. Whether it did; when they cannot be used now, the old ones
        stay, and the log says why."""
        state = self._state()
        if state == self._seen:
            return False
        self._seen = state
        try:
            self._load()
        except (OSError, ValueError) as error:
            log.error("the new certificate %s cannot be used, the old one stays: %s", self._chain, _why(error))
            return False
        log.warning("the certificate %s was read again", self._chain)
        return True

    def _load(self) -> None:
        """First into a context that nobody uses: a key that does not belong to the chain would spoil this one."""
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self._chain, self._key, _no_password)
        self.context.load_cert_chain(self._chain, self._key, _no_password)

    def _state(self) -> list[tuple[int, int] | None]:
        return [_stamp(self._chain), _stamp(self._key)]


def certificate_of(chain: Path | None, key: Path | None) -> Certificate | None:
    """None without both. Raises SetupError for one alone, too."""
    if chain and key:
        return Certificate(chain, key)
    if chain or key:
        raise SetupError("A certificate needs its key, and a key its certificate: give tls_cert and tls_key together.")
    return None


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _no_password() -> str:
    """Asked for the password of an encrypted key; otherwise OpenSSL would ask at the terminal, and wait."""
    raise ValueError("the key is encrypted; give one without a password")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "they are not a PEM certificate and its key").lower().replace("_", " ")
    return str(getattr(error, "strerror", None) or error)
