"""`hubbub doctor`: what is wrong with a chat's data and settings, and what to do about it."""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hubbub.cli.data_folder import Config, Data, database_in
from hubbub.errors import SetupError
from hubbub.settings import Settings, load_settings
from hubbub.store.checkup import Finding, Level, check_up

Quick = Annotated[bool, typer.Option("--quick", help="Leave out what reads the whole database.")]
PROXIES_WAIT_S = 55.0
"""Most proxies end a connection on which nothing happens for 60 seconds."""


def command(data: Data = None, config: Config = None, quick: Quick = False) -> None:
    worst = Level.FINE
    for finding in _findings(data, config, quick):
        print(f"{finding.level:8} {finding.words}")
        if finding.advice:
            print(f"{'':8} → {finding.advice}", flush=True)
        if finding.level is Level.PROBLEM or worst is Level.FINE:
            worst = finding.level
    if worst is Level.PROBLEM:
        raise typer.Exit(1)


def _findings(data: str | None, config: Path | None, quick: bool) -> Iterator[Finding]:
    try:
        settings = load_settings({}, config)
    except SetupError as error:
        yield Finding(Level.PROBLEM, error.words, "A server with these settings does not start: correct them.")
        settings = Settings.model_construct()
    else:
        yield from check_settings(settings)
    yield from check_up(database_in(settings, data), quick=quick)


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Settings that are allowed, and dangerous or of no use together."""

    def warn(words: str, advice: str) -> Finding:
        return Finding(Level.WARNING, words, advice)

    if settings.guests and not _is_loopback(settings.host):
        advice = "Become its owner and say so on the page, or keep it in a network that you trust."
        yield warn(
            f"Anybody who reaches {settings.host} may read and write, unless its owner said otherwise (guests, host).",
            advice,
        )
    if settings.smtp_host and settings.smtp_tls == "none" and not _is_loopback(settings.smtp_host):
        yield warn("Links for new passwords go to the mail server unprotected (smtp_tls).", "Choose starttls or tls.")
    for origin in settings.origins:
        if origin.startswith("http://") and not _is_loopback(urlsplit(origin).hostname or ""):
            advice = "Serve that page over https."
            yield warn(f"Whoever is between can put words into the page {origin} (origins).", advice)
    if settings.ping_interval_s > PROXIES_WAIT_S:
        yield warn("Pings are so rare that proxies end quiet connections (ping_interval_s).", "Choose less than 55.")
    if settings.posts_burst > settings.commands_burst or settings.posts_per_second > settings.commands_per_second:
        advice = "Raise commands_burst and commands_per_second too."
        yield warn("More posts are allowed than commands, and each post is a command.", advice)
    if settings.file_max_bytes > min(settings.upload_day_max_bytes, settings.files_total_max_bytes):
        advice = "Raise upload_day_max_bytes and files_total_max_bytes, or lower file_max_bytes."
        yield warn("Nobody can upload a file of the allowed size (file_max_bytes).", advice)
    if settings.posts_burst > settings.room_posts_burst or settings.posts_per_second > settings.room_posts_per_second:
        advice = "Raise room_posts_burst and room_posts_per_second too."
        yield warn("One person may post more than all people together may in one room.", advice)
    if settings.ring_size > settings.replay_limit:
        advice = "Lower ring_size, or raise replay_limit."
        yield warn("More events are kept in memory than are ever replayed (ring_size, replay_limit).", advice)
    if settings.drain_s > settings.stall_timeout_s:
        advice = "Choose a lower drain_s, and let your service manager wait 20 seconds longer than it."
        yield warn(f"A stop may take longer than {settings.drain_s:g} seconds (drain_s).", advice)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
