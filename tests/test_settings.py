"""Settings: from where they come, which wins, and one clear line for each mistake."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from hubbub.errors import SetupError
from hubbub.settings import NOT_SETTINGS, PREFIX, Settings, flag_of, load_settings


@pytest.fixture(autouse=True)
def _nothing_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for variable in list(os.environ):
        if variable.startswith(PREFIX):
            monkeypatch.delenv(variable)


def write(text: str, name: str = "hubbub.toml") -> Path:
    Path(name).write_text(text)
    return Path(name)


def complaint(flags: dict[str, object] | None = None, config: Path | None = None) -> str:
    with pytest.raises(SetupError) as refused:
        load_settings(flags or {}, config)
    assert len(refused.value.words.splitlines()) == 1
    return refused.value.words


# Sources -----------------------------------------------------------------------------------------------------


def test_without_anything_the_defaults_count() -> None:
    assert load_settings({}) == Settings()
    assert (Settings().host, Settings().port, Settings().data) == ("127.0.0.1", 8000, Path("hubbub-data"))


def test_flags_go_before_variables_before_the_file_before_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({}).port == 8000
    write("port = 1\nname = 'By file'\nring_size = 10")
    assert load_settings({}).port == 1
    monkeypatch.setenv("HUBBUB_PORT", "2")
    monkeypatch.setenv("HUBBUB_NAME", "By variable")
    assert load_settings({}).port == 2
    settings = load_settings({"port": "3"})
    assert (settings.port, settings.name, settings.ring_size) == (3, "By variable", 10)


def test_another_file_can_be_named_and_then_the_usual_one_does_not_count() -> None:
    write("port = 1\nring_size = 10")
    settings = load_settings({}, write("port = 2", "other.toml"))
    assert (settings.port, settings.ring_size) == (2, 256)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_can_be_given_in_every_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other: dict[str, object] = {
        "guests": False,
        "link_previews": True,
        "host": "::1",
        "name": "Tea",
        "data": "d",
        "log_level": "debug",
    }
    other |= {
        "origins": "https://a.example",
        "trusted_proxies": "10.0.0.0/8",
        "frame_max_bytes": 2048,
        "outlet_buffer_bytes": 5000,
    }
    other |= {"log_format": "json", "metrics_token": "a-token-of-some-length"}
    other |= {"tls_cert": "cert.pem", "tls_key": "key.pem", "root_path": "/chat"}
    other |= {"public_url": "https://chat.example", "smtp_tls": "none", "smtp_from": "chat@chat.example"}
    other |= {"smtp_host": "mail.example", "smtp_user": "u", "smtp_password": "p"}
    other |= {"passkeys": True, "oidc_issuer": "https://id.example", "oidc_client_id": "hubbub"}
    other |= {"oidc_client_secret": "s", "oidc_name": "Example ID"}
    together = {"smtp_host": ("public_url", "smtp_from"), "oidc_issuer": ("public_url", "oidc_client_id")}
    for needed in together.get(name, ()):
        monkeypatch.setenv(PREFIX + needed.upper(), str(other[needed]))
    value = other.get(name, 7)
    expected = getattr(Settings(**{name: value}), name)  # type: ignore[arg-type]
    assert expected != Settings.model_fields[name].default
    write(f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}")
    assert getattr(load_settings({}), name) == expected
    write("")
    assert getattr(load_settings({name: str(value)}), name) == expected
    monkeypatch.setenv(PREFIX + name.upper(), str(value))
    assert getattr(load_settings({}), name) == expected


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", ").")), name


@pytest.mark.parametrize("variable", sorted(NOT_SETTINGS))
def test_variables_of_the_client_commands_are_let_be(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "x")
    assert load_settings({}) == Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


# Mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [("prot", "port"), ("pots_burst", "posts_burst"), ("orgins", "origins"), ("logg_level", "log_level")],
)
def test_a_setting_that_is_not_there_is_answered_by_one_that_is(
    written: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(f"{written} = 1")
    assert complaint() == f"hubbub.toml: there is no setting {written!r}. Did you mean {meant}?"
    write("")
    monkeypatch.setenv(PREFIX + written.upper(), "1")
    assert complaint() == f"There is no setting HUBBUB_{written.upper()}. Did you mean HUBBUB_{meant.upper()}?"


def test_a_setting_unlike_any_other_is_only_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write("colour_of_the_door = 1")
    assert complaint() == "hubbub.toml: there is no setting 'colour_of_the_door'."
    write("")
    monkeypatch.setenv("HUBBUB_XYZZY", "1")
    assert complaint() == "There is no setting HUBBUB_XYZZY."


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "eighty", "valid integer"),
        ("port", "65536", "less than or equal to 65535"),
        ("port", "-1", "greater than or equal to 0"),
        ("guests", "perhaps", "valid boolean"),
        ("name", "", "at least 1 character"),
        ("name", "x" * 61, "at most 60 characters"),
        ("ping_interval_s", "0", "greater than 0"),
        ("ping_interval_s", "nan", "greater than 0"),
        ("posts_burst", "0", "greater than or equal to 1"),
        ("posts_burst", "1.5", "valid integer"),
        ("outlet_buffer_bytes", "4095", "greater than or equal to 4096"),
        ("frame_max_bytes", "99999999", "less than or equal to"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("origins", "chat.example", "'chat.example' is not an origin"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_source(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_flag = complaint({name: value})
    assert by_flag.startswith(f"{flag_of(name)}: ")
    assert words in by_flag
    write(f"{name} = {value!r}")
    assert complaint().startswith(f"hubbub.toml: {name}: ")
    monkeypatch.setenv(PREFIX + name.upper(), value)
    assert complaint().startswith(f"HUBBUB_{name.upper()}: ")
    assert complaint({name: value}).startswith(f"{flag_of(name)}: ")


def test_a_wrong_value_that_does_not_count_is_no_mistake() -> None:
    write("port = 'eighty'")
    assert load_settings({"port": "80"}).port == 80


@pytest.mark.parametrize(
    "text",
    ["port =", "port = 1\nport = 2", "= 1", "[", "port = 1 2", "\x00"],
    ids=["half", "twice", "no name", "[", "two", "NUL"],
)
def test_a_file_that_is_not_toml_is_named(text: str) -> None:
    write(text)
    assert complaint().startswith("The settings file hubbub.toml is not valid TOML: ")


def test_a_file_that_is_not_text_is_named() -> None:
    Path("hubbub.toml").write_bytes(b"name = '\xff\xfe'")
    assert complaint().startswith("The settings file hubbub.toml is not valid TOML: ")


def test_a_file_that_was_named_must_be_there() -> None:
    assert complaint({}, Path("none.toml")) == "Cannot read the settings file none.toml: No such file or directory."
    assert "Cannot read the settings file ." in complaint({}, Path())


def test_a_table_in_the_file_is_no_setting() -> None:
    write("[server]\nport = 1")
    assert complaint() == "hubbub.toml: there is no setting 'server'."
    write("[port]\nnumber = 1")
    assert complaint().startswith("hubbub.toml: port: ")


# Origins -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "origins"),
    [
        ("", []),
        (" , ", []),
        ("https://a.example", ["https://a.example"]),
        ("https://a.example, http://b.example:8080 ,", ["https://a.example", "http://b.example:8080"]),
        ("http://[::1]:8000", ["http://[::1]:8000"]),
    ],
)
def test_origins_are_separated_by_commas(written: str, origins: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings({"origins": written}).origins == origins
    monkeypatch.setenv("HUBBUB_ORIGINS", written)
    assert load_settings({}).origins == origins


def test_in_a_file_origins_are_a_list() -> None:
    write('origins = ["https://a.example", "http://b.example:8080"]')
    assert load_settings({}).origins == ["https://a.example", "http://b.example:8080"]


@pytest.mark.parametrize(
    "origin",
    ["a.example", "*", "null", "https://", "https://a.example/", "https://a.example/path", "ftp://a.example", "//a"],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    words = complaint({"origins": f"https://good.example, {origin}"})
    assert words == f"--origins: {origin!r} is not an origin: write scheme://host or scheme://host:port."


@pytest.mark.parametrize(
    "token", ["short", "fifteen-letters", "with a space in the middle", "tokén-of-some-length", "a" * 20 + "\n"]
)
def test_a_metrics_token_that_can_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ValidationError, match="metrics_token"):
        Settings(metrics_token=token)


def test_a_metrics_token_is_not_shown_with_the_settings() -> None:
    assert "hush" not in repr(Settings(metrics_token="hush-hush-hush-hush"))


@pytest.mark.parametrize("path", ["chat", "/a b", "//evil.example", "/chat?x", "/c/../d/"])
def test_a_root_path_that_is_none_is_refused(path: str) -> None:
    write(f"root_path = {path!r}")
    assert "write a path as /chat" in complaint()


def test_a_root_path_may_end_with_a_slash() -> None:
    assert load_settings({"root_path": "/chat/"}).root_path == "/chat"
    assert load_settings({"root_path": "/"}).root_path == ""


# Links and mail ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": "80"}, "http://127.0.0.1:80"),
        ({"host": "::"}, "http://[::1]:8000"),
        ({"host": "fe80::1", "root_path": "/chat"}, "http://[fe80::1]:8000"),
        ({"tls_cert": "cert.pem", "tls_key": "key.pem"}, "https://127.0.0.1:8000"),
        ({"public_url": "https://chat.example/tea/", "host": "0.0.0.0"}, "https://chat.example/tea"),
    ],
)
def test_links_begin_with_the_public_address_or_with_this_machines(flags: dict[str, object], address: str) -> None:
    assert load_settings(flags).address == address


@pytest.mark.parametrize(
    "value", ["chat.example", "ftp://chat.example", "https://", "https://a b", "https://a.example/?x"]
)
def test_a_public_address_is_one(value: str) -> None:
    assert complaint({"public_url": value}) == "--public-url: write an address as https://chat.example."


def test_mail_needs_a_sender_and_the_beginning_of_its_links() -> None:
    words = "--smtp-host: mail needs smtp_from and public_url too."
    mail: dict[str, object] = {"smtp_host": "mail.example"}
    assert complaint(mail) == complaint(mail | {"smtp_from": "a@b.example"}) == words
    assert complaint(mail | {"public_url": "https://a.example"}) == words
    assert "e-mail address" in complaint({"smtp_from": "nobody"})
    assert "p4ss" not in repr(load_settings({"smtp_password": "p4ss"}))
