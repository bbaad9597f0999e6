"""Settings, from the environment (`NEEDMATCH_...`) or from a `.env` file; options of a command win."""

from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr
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


class ServerSettings(Settings):
    """What the service needs beyond the engine; every setting is an environment variable `NEEDMATCH_...`.

    >>> ServerSettings(data=Path("/srv/needmatch")).database_url
    'sqlite:////srv/needmatch/needmatch.db'
    """

    database: str = Field(
        default="", description="sqlite:///FILE or postgresql://USER@HOST/NAME; a file in `data` unless set."
    )
    vectors: Literal["memory", "postgresql"] = Field(
        default="memory",
        description="Where vectors are searched: in each worker's memory, or in the database by pgvector.",
    )
    replica: str = Field(
        default="",
        description="postgresql://...: another server that is asked for nearest vectors; see scaling.md.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer requests.")
    jobs: bool = Field(default=True, description="Whether this service runs background jobs itself.")
    public_url: str = Field(default="", description="Address of the service for users: links, cookies.")

    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="Largest body of a request.")
    max_upload_bytes: int = Field(default=100_000_000, ge=1_000, description="Largest uploaded file.")
    requests_per_minute: int = Field(default=600, ge=1, description="Requests of one user in a minute.")
    anonymous_per_minute: int = Field(default=120, ge=1, description="Requests of one unknown address.")
    logins_per_minute: int = Field(default=10, ge=1, description="Attempts to sign in from one address.")
    failures_allowed: int = Field(default=5, ge=1, description="Wrong passwords until an account is locked.")
    lockout_minutes: int = Field(default=15, ge=1, description="How long an account stays locked.")
    session_hours: int = Field(default=12, ge=1, description="How long a browser stays signed in.")
    dormant_days: int = Field(default=120, ge=30, description="Days without use until an account is erased.")

    smtp_host: str = Field(default="", description="Mail server; no e-mail is sent without one.")
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: bool = Field(default=True, description="STARTTLS, before anything is said.")
    mail_from: str = Field(default="needmatch@localhost", description="Sender of e-mails.")
    webhook_private: bool = Field(
        default=False, description="Whether webhooks may point into private networks."
    )

    oidc_issuer: str = Field(default="", description="OpenID provider; no such login without one.")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = Field(default="single sign-on", description="What the provider is called.")

    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Addresses whose X-Forwarded-For is believed, separated by commas; * believes all.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    metrics: bool = Field(default=True, description="Whether /metrics answers on the service's own port.")

    @property
    def database_url(self) -> str:
        """Where the records are."""
        return self.database or f"sqlite:///{self.data / 'needmatch.db'}"
