"""Settings from the environment (12-factor); `NAME_FILE` reads a secret from a file."""

import os
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

INSECURE_KEY = "development-only-secret-key"


class Settings(BaseSettings):
    """Everything an operator may set; each field is the lower-case name of its variable."""

    # What the local stack added for itself comes first, the operator's own file wins; an empty
    # value is no choice, so that a copy of .env.example changes nothing.
    model_config = SettingsConfigDict(
        env_file=(f"{os.environ.get('CROWDFUND_DATA_DIR') or 'var'}/stack.env", ".env"),
        env_ignore_empty=True,
        extra="ignore",
    )

    environment: Literal["development", "test", "production"] = "development"
    data_dir: Path = Field(Path("var"), validation_alias="CROWDFUND_DATA_DIR")
    secret_key: str = INSECURE_KEY
    secret_key_fallbacks: list[str] = []
    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:6379/0"
    public_url: str = "http://localhost:5000"
    events_url: str = "/events"
    trusted_hosts: list[str] = []
    # How many proxies are in front and set X-Forwarded-*; without it every visitor has the
    # proxy's address, and limits per address would be shared by all.
    proxy_count: int = 0
    time_zone: str = "Africa/Addis_Ababa"
    storage_url: str = ""
    ipfs_api_url: str = ""
    # tcp://host:3310 or unix:///path of a clamd that scans uploads; empty: nothing is scanned.
    clamav_url: str = ""

    chain_rpc_url: str = "http://127.0.0.1:8545"
    chain_id: int = 31337
    chain_confirmations: int = 1
    # The most that a transaction offers per unit of gas; writes wait while the network asks more.
    chain_max_fee_gwei: Decimal = Field(Decimal(500), gt=0)
    chain_signer_key: str = ""
    chain_admin_key: str = ""
    chain_recorder_key: str = ""
    # Minor units that the recorder may record on one day; above it an operator has to raise the
    # day's cap.
    chain_recorder_cap_minor: int = 1_000_000_000
    # Below this much ether for gas of any signer, /health and `flask doctor` say so.
    chain_low_gas_ether: float = 0.05

    billbitts_api_url: str = ""
    billbitts_api_key: str = ""
    billbitts_private_key_path: str = ""
    billbitts_public_key_paths: list[str] = []

    mail_server: str = "127.0.0.1"
    mail_port: int = 1025
    mail_username: str = ""
    mail_password: str = ""
    mail_use_tls: bool = False
    mail_default_sender: str = "crowdfund <no-reply@crowdfund.example>"

    # Empty: no SMS in production; in development the text is printed by the worker.
    sms_api_url: str = ""
    sms_api_key: str = ""
    sms_sender: str = "crowdfund"
    sms_most_an_hour: int = 1000

    # Wrong six-digit codes of all strangers together that are judged in a day
    # (sign_in/rules/limits.py).
    sign_in_failures_a_day: int = 1000

    # Single sign-on (OpenID Connect) is offered when issuer and client are set.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "Single sign-on"
    oidc_scopes: str = "openid email profile"

    @model_validator(mode="before")
    @classmethod
    def read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        """Fill a field that has no value from the file named by `<FIELD>_FILE`."""
        for name in cls.model_fields:
            path = os.environ.get(f"{name.upper()}_FILE")
            if path and name not in values:
                values[name] = Path(path).read_text().strip()
        return values

    @model_validator(mode="after")
    def refuse_defaults_in_production(self) -> "Settings":
        """Refuse the development key and short keys in production."""
        is_weak = self.secret_key == INSECURE_KEY or len(self.secret_key) < 32
        if self.environment == "production" and is_weak:
            raise ValueError("SECRET_KEY must be set to at least 32 random characters")
        if self.environment == "production" and self.oidc_issuer.startswith("http:"):
            raise ValueError("OIDC_ISSUER must be an https address")
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Key that signs and seals now, then former ones that are still accepted (rotation)."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def oidc_offered(self) -> bool:
        """Whether an identity provider is set up, so that pages offer to sign in with it."""
        return bool(self.oidc_issuer and self.oidc_client_id)

    @property
    def sqlalchemy_url(self) -> str:
        """Database URL with the driver this project uses; SQLite in the data folder by default."""
        url = self.database_url or f"sqlite:///{self.data_dir.absolute() / 'crowdfund.db'}"
        for short, full in (
            ("postgres://", "postgresql+psycopg://"),
            ("postgresql://", "postgresql+psycopg://"),
            ("mysql://", "mysql+pymysql://"),
            ("mariadb://", "mysql+pymysql://"),
        ):
            if url.startswith(short):
                return full + url.removeprefix(short)
        return url


_override: Settings | None = None


def use(new: Settings | None) -> None:
    """Replace the settings of this process (tests, seeder); None goes back to the environment."""
    global _override
    _override = new


@lru_cache(maxsize=1)
def _from_environment() -> Settings:
    return Settings()  # type: ignore[call-arg]


def settings() -> Settings:
    """Return the settings in force."""
    return _override or _from_environment()
