"""Every setting of the program, once: defaults < TOML file < HUBBUB_* environment < command-line flags."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from hubbub.protocol import FRAME_MAX_BYTES


class Settings(BaseSettings):
    """Field names are the names in the TOML file; `HUBBUB_` and the upper-case name is the environment variable."""

    model_config = SettingsConfigDict(env_prefix="HUBBUB_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 lets the whole network in.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8000, description="Port to listen on; 0 picks a free one."
    )
    data: Path = Field(Path("hubbub-data"), description="Folder for the database; made when it is missing.")
    name: str = Field(
        "Hubbub", min_length=1, max_length=60, description="What this place is called on the page."
    )
    guests: bool = Field(True, description="Whether somebody without an account may come in.")
    origins: list[str] = Field(
        [],
        description="Other web origins (scheme://host:port) whose pages may connect. "
        "The page that this server itself serves always may.",
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
    commands_per_second: Annotated[float, Field(gt=0)] = Field(
        20.0, description="Commands of any kind one person may send a second, on average."
    )
    commands_burst: Annotated[int, Field(ge=1)] = Field(
        100, description="Commands one person may send at once."
    )
    drain_s: Annotated[float, Field(gt=0)] = Field(
        10.0, description="Seconds a stopping server waits for its connections."
    )
    frame_max_bytes: Annotated[int, Field(ge=1024, le=16_777_216)] = Field(
        FRAME_MAX_BYTES, description="Largest WebSocket frame accepted from a client, in bytes."
    )
