"""Every setting of the program, once: defaults < TOML file < HUBBUB_* environment < command-line flags."""

import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hubbub.core.addresses import Networks
from hubbub.core.logins import clean_email
from hubbub.errors import Invalid, SetupError
from hubbub.protocol import FRAME_MAX_BYTES

PREFIX = "HUBBUB_"
CONFIG_FILE = Path("hubbub.toml")
METRICS_TOKEN_MIN_CHARS = 16
NOT_SETTINGS = {"HUBBUB_URL", "HUBBUB_TOKEN", "HUBBUB_CONFIG", "HUBBUB_TEST_NO_SKIP"}
"""Variables of the client commands and of the test script."""


class Settings(BaseSettings):
    """Field names are the names in the TOML file; `HUBBUB_` and the upper-case name is the environment variable."""

    model_config = SettingsConfigDict(env_prefix="HUBBUB_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 lets the whole network in.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Port to listen on; 0 picks a free one.")
    data: Path = Field(Path("hubbub-data"), description="Folder for the database; made when it is missing.")
    name: str = Field("Hubbub", min_length=1, max_length=60, description="What this place is called on the page.")
    guests: bool = Field(True, description="Whether somebody without an account may come in.")
    tls_cert: Path | None = Field(
        None, description="Certificate for https, in PEM, with those that it needs; read again when it changes."
    )
    tls_key: Path | None = Field(None, description="Its private key, in PEM, without a password.")
    public_url: str = Field(
        "",
        description="Address under which people reach this chat, as https://chat.example: links that are mailed begin "
        "with it. Needed for mail.",
    )
    smtp_host: str = Field("", description="Server for mail. Without one, owners hand out links for new passwords.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the way to it is protected: starttls (mostly port 587), tls (465), none."
    )
    smtp_user: str = Field("", description="Name with which to sign in there; empty: not at all.")
    smtp_password: Annotated[str, Field(repr=False)] = Field("", description="Password for that.")
    smtp_from: str = Field("", description="Sender of mails, as chat@example.org. Needed for mail.")
    passkeys: bool = Field(
        False,
        description="Whether people may sign in by passkey. They belong to this server's address and need https, or "
        "localhost. Needs the extra: pip install 'hubbub[passkeys]'.",
    )
    oidc_issuer: str = Field(
        "",
        description="Provider of OpenID Connect by which people may sign in, as https://id.example. It is to send them "
        "back to /oidc/callback below public_url. Needs that one, and the extra: pip install 'hubbub[oidc]'.",
    )
    oidc_client_id: str = Field("", description="As whom it knows this chat.")
    oidc_client_secret: Annotated[str, Field(repr=False)] = Field(
        "", description="Secret for that; empty for a public client."
    )
    oidc_name: str = Field("single sign-on", min_length=1, max_length=60, description="What it is called on the page.")
    root_path: str = Field(
        "",
        description="Path under which a proxy offers this chat, as /chat. The proxy takes it off before it passes a "
        "request on.",
    )
    origins: Annotated[list[str], NoDecode] = Field(
        [],
        description="Other web origins (scheme://host:port) whose pages may connect. "
        "The page that this server itself serves always may. Separated by commas.",
    )
    connections_max: Annotated[int, Field(ge=1)] = Field(
        10_000, description="Connections open at once; beyond, newcomers are asked to try later. Each takes about 9 kB."
    )
    connections_per_address: Annotated[int, Field(ge=1)] = Field(
        1000, description="Connections open at once from one network address; for IPv6, from one /64 network."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        ["127.0.0.1", "::1"],
        description="Addresses and networks (10.0.0.0/8) of proxies that say for whom they ask: their "
        "X-Forwarded-For and X-Forwarded-Proto are believed. What comes from one of them without saying for whom "
        "is not limited by address. Separated by commas.",
    )
    ping_interval_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds between pings to each connection."
    )
    ping_timeout_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds to wait for the answer before a connection counts as dead."
    )
    hello_timeout_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds a new connection has for its first frame."
    )
    presence_grace_s: Annotated[float, Field(ge=0)] = Field(
        3.0, description="Seconds before somebody whose last tab closed counts as gone (a reload takes less)."
    )
    outlet_buffer_bytes: Annotated[int, Field(ge=4096)] = Field(
        262_144,
        description="Bytes buffered for one slow connection before it is caught up from the log instead.",
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        25.0, description="Seconds after which a connection that reads nothing at all is cut."
    )
    request_timeout_s: Annotated[float, Field(gt=0)] = Field(
        20.0, description="Seconds a client has for the head of a request, and for each 64 KiB of its body."
    )
    close_timeout_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds a connection that is being closed may take to read what is left and to answer."
    )
    ring_size: Annotated[int, Field(ge=0)] = Field(
        256, description="Recent events of each active room kept in memory for people who come back."
    )
    replay_limit: Annotated[int, Field(ge=1)] = Field(
        1000, description="Missed events of one room that are replayed; beyond, the page reads the room anew."
    )
    sweep_interval_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Seconds between looks into the log for events that the bus lost."
    )
    posts_per_second: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Messages one person may post a second, on average."
    )
    posts_burst: Annotated[int, Field(ge=1)] = Field(20, description="Messages one person may post at once.")
    room_posts_per_second: Annotated[float, Field(gt=0)] = Field(
        50.0,
        description="Messages all people together may post into one room a second, on average; "
        "edits, reactions and joins count too.",
    )
    room_posts_burst: Annotated[int, Field(ge=1)] = Field(
        300, description="Messages all people together may post into one room at once."
    )
    commands_per_second: Annotated[float, Field(gt=0)] = Field(
        20.0, description="Commands of any kind one person may send a second, on average."
    )
    commands_burst: Annotated[int, Field(ge=1)] = Field(100, description="Commands one person may send at once.")
    file_max_bytes: Annotated[int, Field(ge=0)] = Field(
        25_000_000, description="Largest file that may be uploaded, in bytes; 0: nobody may upload any."
    )
    upload_day_max_bytes: Annotated[int, Field(ge=0)] = Field(
        250_000_000, description="Bytes one person may upload within 24 hours."
    )
    files_total_max_bytes: Annotated[int, Field(ge=0)] = Field(
        10_000_000_000, description="Bytes that all uploaded files together may take on the disk."
    )
    link_previews: bool = Field(
        False,
        description="Fetch the pages to which messages link, to show their titles. Their servers see this server's "
        "address and when somebody reads.",
    )
    arrivals_per_second: Annotated[float, Field(gt=0)] = Field(
        2.0, description="New guests that may come from one network address a second, on average."
    )
    arrivals_burst: Annotated[int, Field(ge=1)] = Field(
        300, description="New guests that may come from one network address at once: a school may have only one."
    )
    handshakes_per_second: Annotated[float, Field(gt=0)] = Field(
        20.0, description="WebSockets that may be opened from one network address a second, on average."
    )
    handshakes_burst: Annotated[int, Field(ge=1)] = Field(
        1000, description="WebSockets that may be opened from one network address at once."
    )
    drain_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds a stopping server waits for its connections."
    )
    frame_max_bytes: Annotated[int, Field(ge=1024, le=16_777_216)] = Field(
        FRAME_MAX_BYTES, description="Largest WebSocket frame accepted from a client, in bytes."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="How much the server tells on its standard error; info names each request."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="One line for each record: text for people, or JSON for machines."
    )
    metrics_token: Annotated[str, Field(repr=False)] = Field(
        "",
        description="With it, and only with it, `/metrics` may be read from anywhere: `Authorization: Bearer TOKEN`. "
        f"At least {METRICS_TOKEN_MIN_CHARS} characters. Without it, `/metrics` is for programs on this machine.",
    )

    @property
    def address(self) -> str:
        """The beginning of links to this chat, without a slash at the end: the public one, or else this machine's own,
        where no proxy has taken a path off."""
        if self.public_url:
            return self.public_url
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
            self.host, f"[{self.host}]" if ":" in self.host else self.host
        )
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[A-Za-z0-9._~-]+)*", value):
            raise ValueError("write an address as https://chat.example")
        return value

    @field_validator("smtp_from")
    @classmethod
    def _is_a_sender(cls, value: str) -> str:
        try:
            return clean_email(value) or ""
        except Invalid as error:
            raise ValueError(error.words) from None

    @model_validator(mode="after")
    def _mail_is_whole(self) -> "Settings":
        if self.smtp_host and not (self.smtp_from and self.public_url):
            raise ValueError("smtp_host: mail needs smtp_from and public_url too")
        return self

    @field_validator("oidc_issuer")
    @classmethod
    def _is_an_issuer(cls, value: str) -> str:
        """By https, so that nobody on the way can say who somebody is; on this machine there is no way."""
        if value and not re.fullmatch(r"(https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/])[^\s?#@]+", value):
            raise ValueError("write an address as https://id.example")
        return value

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> "Settings":
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError("oidc_issuer: OpenID Connect needs oidc_client_id and public_url too")
        return self

    @field_validator("origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """The environment and flags have one text; a TOML file has a list."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("root_path")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", value):
            raise ValueError("write a path as /chat")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _is_no_guess(cls, value: str) -> str:
        if value and not (value.isascii() and value.isprintable() and " " not in value):
            raise ValueError("write letters, digits and punctuation without spaces")
        if value and len(value) < METRICS_TOKEN_MIN_CHARS:
            raise ValueError(f"at least {METRICS_TOKEN_MIN_CHARS} characters, or none at all")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for network in value:
            try:
                Networks([network])
            except ValueError as error:
                raise ValueError(f"{error}: write an address, or a network as 10.0.0.0/8") from None
        return value

    @field_validator("origins")
    @classmethod
    def _are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            scheme, separator, host = origin.partition("://")
            if scheme not in ("http", "https") or not separator or not host or "/" in host:
                raise ValueError(f"{origin!r} is not an origin: write scheme://host or scheme://host:port")
        return value


def load_settings(flags: Mapping[str, object], config: Path | None = None) -> Settings:
    """Settings from all sources. `flags` are those that were given; `config` is a TOML file, by default `hubbub.toml`
    if there is one. Raises SetupError: one line that names the setting, where it comes from, and what is wrong."""
    file = config or CONFIG_FILE
    written = _read_file(file) if config or file.exists() else {}
    for name in written:
        _must_be_known(name, f"{file}: there is no setting {name!r}", "")
    for variable in os.environ:
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            _must_be_known(variable[len(PREFIX) :].lower(), f"There is no setting {variable}", PREFIX)
    values: dict[str, Any] = written | _from_environment() | dict(flags)
    try:
        return Settings(**values)
    except ValidationError as error:
        mistake = error.errors()[0]
        words = mistake["msg"].removeprefix("Value error, ")
        name = str(mistake["loc"][0]) if mistake["loc"] else words.partition(":")[0]
        where = _where(name, flags, file)
        raise SetupError(f"{where}: {words.removeprefix(f'{name}: ')}.") from None


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise SetupError(f"Cannot read the settings file {file}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SetupError(f"The settings file {file} is not valid TOML: {error}.") from None


def _from_environment() -> dict[str, str]:
    variables = {name: PREFIX + name.upper() for name in Settings.model_fields}
    return {name: os.environ[variable] for name, variable in variables.items() if variable in os.environ}


def _must_be_known(name: str, complaint: str, prefix: str) -> None:
    if name in Settings.model_fields:
        return
    similar = get_close_matches(name, Settings.model_fields, 1)
    written = prefix + (similar[0].upper() if prefix else similar[0]) if similar else ""
    raise SetupError(complaint + (f". Did you mean {written}?" if written else "."))


def _where(name: str, flags: Mapping[str, object], file: Path) -> str:
    if name in flags:
        return flag_of(name)
    if (variable := PREFIX + name.upper()) in os.environ:
        return variable
    return f"{file}: {name}"


def flag_of(name: str) -> str:
    """The command-line flag of a setting."""
    return "--" + name.replace("_", "-")
