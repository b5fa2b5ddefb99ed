"""Every setting, with its meaning and its default; docs/operating.md has the same table (a test compares)."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from livefeed.errors import StartupError

__all__ = ["Settings", "load_settings", "unknown_variables"]


class Settings(BaseSettings):
    """Settings come from ``LIVEFEED_*`` variables; the command line's flags go first."""

    model_config = SettingsConfigDict(
        env_prefix="LIVEFEED_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    redis_url: str | None = Field(
        None,
        description="Redis or Valkey, 6.2 or newer: redis://, rediss://, unix://, "
        "redis+sentinel://host:port,…/service, redis+cluster://. "
        "Without it, `serve` runs a private server in the data directory.",
    )
    data_dir: Path = Field(
        Path("livefeed-data"), description="Folder of the embedded Redis, and of pictures (`media` in it)."
    )
    media_dir: Path | None = Field(
        None, description="Folder of pictures, if another; several machines must share it."
    )
    media_url: str | None = Field(
        None,
        description="An S3-compatible bucket for pictures instead: "
        "s3://bucket/folder?endpoint=https://…&region=…; needs the extra `livefeed[s3]`.",
    )
    media_key_id: str | None = Field(
        None, description="Key for the bucket; without it, AWS's own variables or the machine's role."
    )
    media_secret: SecretStr | None = Field(None, description="Its secret.")
    image_bytes: int = Field(
        15_728_640, ge=65_536, le=104_857_600, description="The largest picture that may be uploaded."
    )
    images_per_hour: int = Field(
        200, ge=0, description="Pictures that one person or token may upload in an hour; 0: no bound."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve readers.")
    public_url: AnyHttpUrl | None = Field(
        None,
        description="What readers call this server, as https://live.example.org; links are made from it.",
    )
    publisher_name: str | None = Field(
        None,
        description="Who publishes here, for search engines, previews and feed readers; "
        "without it, the host name in `LIVEFEED_PUBLIC_URL`.",
    )
    publisher_url: AnyHttpUrl | None = Field(
        None, description="The publisher's own site, as https://www.example.org; without it, this server."
    )
    publisher_logo: AnyHttpUrl | None = Field(
        None, description="The publisher's logo, by https: PNG or JPEG, 112 by 112 pixels or more."
    )
    templates_dir: Path | None = Field(
        None, description="Folder with templates of your own, which go before livefeed's."
    )
    tls_certificate: Path | None = Field(
        None,
        description="Serve https with this certificate and its chain (PEM), without a proxy.",
        json_schema_extra={"format": "file-path"},
    )
    tls_key: Path | None = Field(
        None, description="Its key (PEM, without a password).", json_schema_extra={"format": "file-path"}
    )
    desk_host: str | None = Field(None, description="Serve the desk under this host name only.")
    trusted_proxies: str | None = Field(
        None,
        description="Proxies that say whom they ask for (Forwarded, X-Forwarded-For): "
        "addresses and networks, as 127.0.0.1,10.0.0.0/8.",
    )
    max_readers: int = Field(
        0, ge=0, description="Readers of each process; 0: as many as the limit of open files allows."
    )
    max_readers_per_address: int = Field(
        200, ge=0, description="Of these, from one address (IPv6: one /64); 0: no bound."
    )
    max_readers_per_origin: int = Field(0, ge=0, description="Of these, from pages of one site; 0: no bound.")
    max_joins_per_s: float = Field(
        2_000.0,
        ge=0.0,
        allow_inf_nan=False,
        description="New readers of each process in a second, over 5 seconds; 0: no bound.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much to log.")
    access_log: bool = Field(False, description="Log each request.")
    log_entries: int = Field(
        20_000, ge=100, le=1_000_000, description="Changes kept in each feed's log in Redis."
    )
    window_entries: int = Field(
        2_000, ge=10, le=1_000_000, description="Changes of each feed kept in memory."
    )
    window_bytes: int = Field(
        4_194_304, ge=65_536, description="Bytes of changes of each feed kept in memory."
    )
    ping_s: float = Field(15.0, ge=0.05, le=15.0, description="Seconds between two heartbeats.")
    send_timeout_s: float = Field(
        30.0, ge=0.1, le=40.0, description="A reader that takes nothing for this long is let go."
    )
    drain_s: float = Field(
        5.0, ge=0.0, le=600.0, description="Seconds over which readers are sent away on shutdown."
    )
    rotate_s: float = Field(
        14_400.0,
        ge=0.0,
        description="A stream is renewed after 80 to 100 % of these seconds, so that readers spread over "
        "processes; 0 never does.",
    )
    compress: bool = Field(True, description="Compress streams for readers who offer to unpack them.")
    replicas: int = Field(0, ge=0, le=10, description="Replicas that must confirm each write (WAIT).")
    replicas_timeout_ms: int = Field(1_000, ge=1, le=60_000, description="How long to wait for them.")
    idempotency_s: int = Field(86_400, ge=60, description="How long an Idempotency-Key is remembered.")
    session_s: int = Field(604_800, ge=60, description="How long a sign-in at the desk lasts.")
    import_private: bool = Field(
        False, description="Let editors import from addresses in private networks, and through a proxy."
    )
    rewrite_s: float = Field(
        60.0, ge=0.0, description="A deletion rewrites the append-only file, at most once in this time."
    )

    @field_validator("public_url")
    @classmethod
    def _no_path(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if value is not None and (value.path not in (None, "/") or value.query or value.fragment):
            raise ValueError("give scheme and host only, as https://live.example.org")
        return value

    @field_validator("publisher_name")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and not (0 < len(value.strip()) <= 200 and value.isprintable()):
            raise ValueError("give a name of one line, at most 200 characters")
        return value and value.strip()

    @field_validator("publisher_url", "publisher_logo")
    @classmethod
    def _no_password(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if value is not None and (value.username or value.password):
            raise ValueError("everybody will read this address: leave the password out")
        return value

    @field_validator("publisher_logo")
    @classmethod
    def _https(cls, value: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if value is not None and value.scheme != "https":
            raise ValueError("give an address that begins with https://")
        return value

    @field_validator("media_url")
    @classmethod
    def _bucket(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "s3://bucket")
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.fragment:
            raise ValueError("give s3://bucket/folder; the key has settings of its own")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str | None) -> str | None:
        _parse_networks(value)
        return value

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """``trusted_proxies`` as networks."""
        return _parse_networks(self.trusted_proxies)

    def shown(self, name: str) -> str:
        """A setting's value as it may be shown: without passwords."""
        value = getattr(self, name)
        if name == "redis_url" and value is not None:
            return re.sub(r"//[^/@]*@", "//***@", value)
        if value is None:
            return ""
        return str(value).lower() if isinstance(value, bool) else str(value)

    @property
    def origin(self) -> str:
        """Our own origin, without a slash at the end."""
        if self.public_url is not None:
            return str(self.public_url).rstrip("/")
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)
        host = f"[{host}]" if ":" in host else host
        scheme = "http" if self.tls_certificate is None else "https"
        return f"{scheme}://{host}:{self.port}"

    def desk_at(self, origin: str) -> str:
        """Where the desk is, if readers call us ``origin``: there too, or on its own host, same port."""
        if self.desk_host is None:
            return origin
        parts = urlsplit(origin)
        has_port = re.search(r":[0-9]+$", self.desk_host) is not None
        port = "" if has_port or parts.port is None else f":{parts.port}"
        return f"{parts.scheme}://{self.desk_host}{port}"


def _parse_networks(text: str | None) -> tuple[IPv4Network | IPv6Network, ...]:
    parts = [part.strip() for part in (text or "").split(",")]
    return tuple(ip_network(part) for part in parts if part)


def load_settings(**flags: Annotated[Any, "None means not given"]) -> Settings:
    """Read the settings.

    Raises:
        StartupError: a value is wrong; the message names the variable.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "LIVEFEED_" + "_".join(str(part) for part in first["loc"]).upper()
        if first["loc"] and first["loc"][0] in flags and flags[str(first["loc"][0])] is not None:
            name = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise StartupError(f"{name} is wrong: {first['msg'].removeprefix('Value error, ')}") from error


def unknown_variables() -> list[str]:
    """What is named like a setting in the environment and is none: a typing error, most likely."""
    known = {f"LIVEFEED_{name.upper()}" for name in Settings.model_fields}
    named = {name for name in os.environ if name.upper().startswith("LIVEFEED_")}
    return sorted(name for name in named if name.upper() not in known and name != "LIVEFEED_TEST_CHROMIUM")
