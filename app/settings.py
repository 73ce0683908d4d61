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
        Path,
        Field(
            description="Where the embedded cluster, its secrets and files live · 内嵌数据库、密钥与文件所在目录"
        ),
    ] = Path(".data")
    database_url: Annotated[
        str | None,
        Field(
            description="postgresql://… of an outside server; empty: the embedded cluster · "
            "外部数据库地址,空则使用内嵌数据库"
        ),
    ] = None
    host: Annotated[str, Field(description="Address the API listens on · 接口监听地址")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port the API listens on · 接口监听端口")] = 8000
    api_processes: Annotated[int, Field(ge=1, le=64, description="Number of API processes · 接口进程数")] = 1
    master_key: Annotated[
        SecretStr | None,
        Field(
            description="Secret that wraps all other keys; made by itself only in the embedded default · "
            "主密钥,仅内嵌方式自动生成"
        ),
    ] = None
    timezone: Annotated[str, Field(description="Zone in which service days are dates · 服务日所在时区")] = (
        "Asia/Shanghai"
    )
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR · 日志级别")] = "INFO"
    access_token_ttl_s: Annotated[
        int, Field(ge=60, description="Life of an access token · 访问令牌有效期(秒)")
    ] = 1800
    refresh_token_ttl_s: Annotated[
        int, Field(ge=30 * 86400, description="Life of a refresh token · 刷新令牌有效期(秒)")
    ] = 45 * 86400
    body_max_bytes: Annotated[
        int, Field(ge=1024, description="Largest body after decompression · 请求体解压后上限(字节)")
    ] = 4 << 20
    db_pool_size: Annotated[
        int, Field(ge=1, description="Database connections of one process · 每个进程的数据库连接数")
    ] = 8
    ingest_queue_batches: Annotated[
        int,
        Field(
            ge=1,
            description="Batches that may wait for the writer before 503 is answered · 等待写入的批次上限,超过则答 503",
        ),
    ] = 2000
    ingest_group_batches: Annotated[
        int, Field(ge=1, description="Most batches that share one commit · 一次提交最多合并的批次数")
    ] = 128
    file_store: Annotated[
        str | None,
        Field(
            description="Where complete photos and files rest: a folder, or s3://bucket/prefix; empty: files in "
            "the data directory · 照片与文件的存放处:文件夹或 s3://桶/前缀,空则为数据目录下的 files"
        ),
    ] = None
    file_store_endpoint: Annotated[
        str | None, Field(description="Address of an S3-compatible store, https://… · S3 兼容存储的地址")
    ] = None
    file_store_region: Annotated[str, Field(description="Region of an S3-compatible store · S3 区域")] = (
        "us-east-1"
    )
    file_store_access_key: Annotated[
        str | None, Field(description="Access key of an S3-compatible store · S3 访问密钥编号")
    ] = None
    file_store_secret_key: Annotated[
        SecretStr | None, Field(description="Secret key of an S3-compatible store · S3 访问密钥")
    ] = None
    upload_dir: Annotated[
        Path | None,
        Field(
            description="Where unfinished uploads lie, shared by all API machines; empty: uploads in the data "
            "directory · 未传完文件的目录,多台接口服务器须共用,空则为数据目录下的 uploads"
        ),
    ] = None
    trusted_proxies: Annotated[
        str | None,
        Field(
            description="Addresses or networks of reverse proxies, separated by commas; only their "
            "X-Forwarded-For and X-Forwarded-Proto are believed · 受信任的反向代理地址或网段,逗号分隔"
        ),
    ] = None
    demo_passwords: Annotated[
        bool,
        Field(description="The demo county's well-known passwords may be used · 允许使用演示县的公开口令"),
    ] = False
    demo_fortnight: Annotated[
        bool,
        Field(
            description="The demo county comes with fourteen walked days, loaded in the background · "
            "演示县附带十四天轨迹,后台载入"
        ),
    ] = True

    @model_validator(mode="after")
    def _refuse_weak_secrets(self) -> "Settings":
        if self.master_key is not None and len(self.master_key.get_secret_value()) < MIN_SECRET_CHARS:
            raise ValueError(f"WANGGE_MASTER_KEY needs at least {MIN_SECRET_CHARS} characters")
        if self.database_url and self.master_key is None:
            raise ValueError("WANGGE_MASTER_KEY must be set together with WANGGE_DATABASE_URL")
        return self

    @model_validator(mode="after")
    def _refuse_half_a_store(self) -> "Settings":
        if (self.file_store or "").startswith("s3://") and not (
            self.file_store_access_key and self.file_store_secret_key
        ):
            raise ValueError(
                "WANGGE_FILE_STORE=s3://… needs WANGGE_FILE_STORE_ACCESS_KEY and WANGGE_FILE_STORE_SECRET_KEY"
            )
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
