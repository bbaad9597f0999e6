"""Settings, from the environment (`NEEDMATCH_...`) or from a `.env` file; options of a command win."""

from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are kept and which model reads the texts.

    >>> Settings(model="hashing").model
    'hashing'
    """

    model_config = SettingsConfigDict(env_prefix="NEEDMATCH_", env_file=".env", extra="ignore")

    model: str = Field(
        default="needmatch-e5-small", description="Registry name, hub id, or folder of a model."
    )
    engine: str = Field(default="auto", description="auto, openvino-int8, openvino-bf16 or torch.")
    cache: Path = Field(
        default_factory=lambda: user_cache_path("needmatch"),
        description="Folder of converted models and vectors.",
    )
    data: Path = Field(
        default_factory=lambda: user_data_path("needmatch"), description="Folder of what was imported."
    )
    rates: Path | None = Field(
        default=None, description="Table of exchange rates instead of the one that ships."
    )
    threads: int | None = Field(default=None, ge=1, description="Threads of the model; all cores unless set.")
