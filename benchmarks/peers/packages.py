"""Peers from npm and PyPI: kept in a cache folder, never in this tree or its environment."""

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubbub-benchmarks"
NODE_PACKAGES = CACHE / "node_modules"
PYTHON_PACKAGES = CACHE / "python"
PY_SPY = CACHE / "py-spy" / "bin" / "py-spy"


def npm_version(package: str) -> str:
    """ "" when it is not in the cache."""
    described = NODE_PACKAGES / package / "package.json"
    return str(json.loads(described.read_text())["version"]) if described.exists() else ""


def pypi_version(package: str) -> str:
    found = (d.version for d in distributions(name=package, path=[str(PYTHON_PACKAGES)]))
    return next(found, "")


def npm_missing(package: str) -> str:
    if not shutil.which("node"):
        return "Install Node; on Debian: apt-get install nodejs npm"
    return "" if npm_version(package) else "Run again with --install, to get it with npm."


def pypi_missing(package: str) -> str:
    return "" if pypi_version(package) else "Run again with --install, to get it with pip."


def npm_install(*packages: str) -> None:
    if npm := shutil.which("npm"):
        CACHE.mkdir(parents=True, exist_ok=True)
        _run(npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(CACHE), *packages)


def pypi_install(*packages: str, folder: Path = PYTHON_PACKAGES) -> None:
    uv = shutil.which("uv")
    pip = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
    target = ["--quiet", "--python", sys.executable] if uv else ["--quiet", "--disable-pip-version-check"]
    _run(*pip, "install", *target, "--upgrade", "--target", str(folder), *packages)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {' '.join(command[:2])} did not succeed: {done.stderr.strip()[-300:]}", flush=True)
