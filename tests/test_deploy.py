"""What lies in deploy/ names what there is. That the proxies work: tests/browser/test_proxies.py."""

import re
from pathlib import Path

import pytest

from hubbub.server import END_MARGIN_S
from hubbub.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "hubbub.service"


@pytest.mark.parametrize("file", [UNIT, ROOT / "Dockerfile"], ids=lambda file: file.name)
def test_its_variables_are_settings(file: Path) -> None:
    named = re.findall(rf"\b{PREFIX}([A-Z_]+)=", file.read_text())
    assert named
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_the_service_manager_waits_until_the_server_has_come_to_its_end() -> None:
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT.read_text(), re.MULTILINE)
    [docker] = set(re.findall(r"--stop-timeout (\d+)", (ROOT / "Dockerfile").read_text()))
    assert min(int(seconds), int(docker)) > Settings.model_fields["drain_s"].default + END_MARGIN_S


def test_the_unit_may_write_where_the_data_is() -> None:
    unit = UNIT.read_text()
    [state] = re.findall(r"^StateDirectory=(.+)$", unit, re.MULTILINE)
    assert f"HUBBUB_DATA=/var/lib/{state}\n" in unit
