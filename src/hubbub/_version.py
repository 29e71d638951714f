"""The version of this program: one place, read by the build and by `hubbub --version`."""

__version__ = "0.1.0"
