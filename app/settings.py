"""All settings of a process, read once from the environment (prefix `WANGGE_`)."""

from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_CHARS = 32


class Settings(BaseSettings):
    """Settings of one process. Without a database URL the embedded cluster in `data_dir` is used."""

    model_config = SettingsConfigDict(env_prefix="WANGGE_", extra="ignore")

    data_dir: Annotated[
        Path, Field(description="Where the embedded cluster, its secrets and files live.")
    ] = Path(".data")
    database_url: Annotated[
        str | None, Field(description="postgresql://… of an outside server; empty: the embedded cluster.")
    ] = None
    host: Annotated[str, Field(description="Address the API listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port the API listens on.")] = 8000
    api_processes: Annotated[int, Field(ge=1, le=64, description="Number of API processes.")] = 1
    master_key: Annotated[
        SecretStr | None,
        Field(description="Secret that wraps all other keys; made by itself only in the embedded default."),
    ] = None
    timezone: Annotated[str, Field(description="Zone in which service days are dates.")] = "Asia/Shanghai"
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    access_token_ttl_s: Annotated[int, Field(ge=60, description="Life of an access token.")] = 1800
    refresh_token_ttl_s: Annotated[int, Field(ge=30 * 86400, description="Life of a refresh token.")] = (
        45 * 86400
    )
    body_max_bytes: Annotated[int, Field(ge=1024, description="Largest body after decompression.")] = 4 << 20
    db_pool_size: Annotated[int, Field(ge=1, description="Database connections of one process.")] = 8
    ingest_queue_batches: Annotated[
        int, Field(ge=1, description="Batches that may wait for the writer before 503 is answered.")
    ] = 2000
    ingest_group_batches: Annotated[int, Field(ge=1, description="Most batches that share one commit.")] = 128
    trusted_proxies: Annotated[
        str | None,
        Field(
            description="Addresses or networks of reverse proxies, separated by commas; only their "
            "X-Forwarded-For and X-Forwarded-Proto are believed."
        ),
    ] = None
    demo_passwords: Annotated[
        bool, Field(description="The demo county's well-known passwords may be used.")
    ] = False
    demo_fortnight: Annotated[
        bool, Field(description="The demo county comes with fourteen walked days, loaded in the background.")
    ] = True

    @model_validator(mode="after")
    def _refuse_weak_secrets(self) -> "Settings":
        if self.master_key is not None and len(self.master_key.get_secret_value()) < MIN_SECRET_CHARS:
            raise ValueError(f"WANGGE_MASTER_KEY needs at least {MIN_SECRET_CHARS} characters")
        if self.database_url and self.master_key is None:
            raise ValueError("WANGGE_MASTER_KEY must be set together with WANGGE_DATABASE_URL")
        return self

    @field_validator("trusted_proxies")
    @classmethod
    def _refuse_what_is_no_network(cls, text: str | None) -> str | None:
        for part in (text or "").split(","):
            if part.strip():
                ip_network(part.strip())  # a ValueError here tells which part
        return text or None

    @property
    def zone(self) -> ZoneInfo:
        """Zone of service days."""
        return ZoneInfo(self.timezone)


@lru_cache
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
