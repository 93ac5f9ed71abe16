"""Settings from the environment (12-factor); `NAME_FILE` reads a secret from a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from crowdfund.kernel import variables, weak_keys, web_addresses
from crowdfund.kernel.weak_keys import INSECURE_KEY


class WrongSettings(Exception):
    """Some settings are missing or wrong. Its text names them and repeats no value."""


class Variables(EnvSettingsSource):
    """The environment and the files below it; an empty value is not set, `NAME_FILE` is read."""

    def __init__(self, settings_cls: type[BaseSettings], files: list[Path]) -> None:
        super().__init__(settings_cls)
        layers = [*map(variables.file, files), variables.environment()]
        found = variables.merged(
            [{name.upper(): text for name, text in layer.items()} for layer in layers]
        )
        fields = settings_cls.model_fields.items()
        names = [name.upper() for name, field in fields if field.validation_alias is None]
        read = variables.read_files(found, names)
        for name in names:
            if name in found:
                read.pop(f"{name}_FILE", None)  # beside a value its file is not read
        self.env_vars = {name.lower(): text for name, text in read.items()}


DEMO_OPERATOR = "crowdfund demo"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the platform, as its pages and messages name them; empty parts are left out."""

    name: str
    address: str
    email: str
    phone: str
    registration: str


class Settings(BaseSettings):
    """Everything an operator may set; each field is the lower-case name of its variable.

    What may hold a secret is left out of its repr, and no error repeats what was given.
    """

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", hide_input_in_errors=True, validate_default=False
    )

    environment: Literal["development", "test", "production"] = "development"
    data_dir: Path = Field(Path("var"), validation_alias="CROWDFUND_DATA_DIR")
    secret_key: str = Field(INSECURE_KEY, repr=False)
    secret_key_fallbacks: list[str] = Field([], repr=False)
    database_url: str = Field("", repr=False)
    redis_url: str = Field("redis://127.0.0.1:6379/0", repr=False)
    # As `web_addresses.origin` writes it: links, passkeys and EIP-4361 use it as it is.
    public_url: str = "http://localhost:5000"
    events_url: str = "/events"
    trusted_hosts: list[str] = []
    # How many proxies are in front and set X-Forwarded-*; without it every visitor has the
    # proxy's address, and limits per address would be shared by all.
    proxy_count: int = 0
    time_zone: str = "Africa/Addis_Ababa"
    # Who runs the platform: help, contact, terms, privacy, legal notice and mails name them.
    operator_name: str = DEMO_OPERATOR
    operator_address: str = "Bole Road 1, Addis Ababa, Ethiopia"
    operator_email: str = "help@crowdfund.example"
    operator_phone: str = ""
    operator_registration: str = ""
    ipfs_api_url: str = Field("", repr=False)
    # tcp://host:3310 or unix:///path of a clamd that scans uploads; empty: nothing is scanned.
    clamav_url: str = ""

    chain_rpc_url: str = Field("http://127.0.0.1:8545", repr=False)
    chain_id: int = 31337
    chain_confirmations: int = 1
    # What a browser wallet is told about the network when it does not know it, and the token's name
    # in our rates. Without a public address the page only says which network it needs.
    chain_name: str = "crowdfund chain"
    chain_public_rpc_url: str = ""
    chain_token_symbol: str = "cETB"  # noqa: S105 - of the ledger's kind
    # The most that a transaction offers per unit of gas; writes wait while the network asks more.
    chain_max_fee_gwei: Decimal = Field(Decimal(500), gt=0)
    chain_signer_key: str = Field("", repr=False)
    chain_admin_key: str = Field("", repr=False)
    chain_recorder_key: str = Field("", repr=False)
    # Where the keys were read from; a rotation writes the new key there.
    chain_signer_key_file: str = ""
    chain_admin_key_file: str = ""
    chain_recorder_key_file: str = ""
    # Contracts that were deployed elsewhere, instead of what `flask chain deploy` has stored.
    contract_issuer_registry: str = ""
    contract_campaign_factory: str = ""
    contract_payment_token: str = ""
    contract_fund_escrow: str = ""
    chain_fee_recipient: str = ""
    # Minor units that the recorder may record on one day; above it an operator has to raise the
    # day's cap.
    chain_recorder_cap_minor: int = 1_000_000_000
    # Below this much ether for gas of any signer, /health and `flask doctor` say so.
    chain_low_gas_ether: float = 0.05

    billbitts_api_url: str = Field("", repr=False)
    billbitts_api_key: str = Field("", repr=False)
    billbitts_private_key_path: str = ""
    billbitts_public_key_paths: list[str] = []

    # A person's withdrawals of one day that together are more than this (minor units) wait for the
    # approval of finance.
    payout_approval_above_minor: int = Field(5_000_000, ge=0)

    mail_server: str = "127.0.0.1"
    mail_port: int = 1025
    mail_username: str = ""
    mail_password: str = Field("", repr=False)
    # TLS after STARTTLS; or from the first byte, which port 465 means by itself.
    mail_use_tls: bool = False
    mail_use_ssl: bool = False
    mail_default_sender: str = "crowdfund <no-reply@crowdfund.example>"

    # Empty: no SMS in production; in development the text is printed by the worker.
    sms_api_url: str = Field("", repr=False)
    sms_api_key: str = Field("", repr=False)
    sms_sender: str = "crowdfund"
    sms_most_an_hour: int = 1000
    # Countries to whose numbers SMS are sent (ISO 3166-1). Fraudsters earn by SMS to far ones.
    sms_regions: list[str] = ["ET", "IN"]

    # Wrong six-digit codes of all strangers together that are judged in a day
    # (sign_in/rules/limits.py).
    sign_in_failures_a_day: int = 1000

    # Single sign-on (OpenID Connect) is offered when issuer and client are set.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field("", repr=False)
    oidc_name: str = "Single sign-on"
    oidc_scopes: str = "openid email profile"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is given, and below it the environment with its files."""
        files = (
            dotenv_settings.env_file if isinstance(dotenv_settings, DotEnvSettingsSource) else ()
        )
        names = (files,) if isinstance(files, str | Path) else files or ()
        return init_settings, Variables(settings_cls, [Path(name) for name in names])

    @field_validator("public_url")
    @classmethod
    def normalise_public_url(cls, text: str) -> str:
        """Return the address as browsers write it."""
        return web_addresses.origin(text)

    @field_validator("sms_regions")
    @classmethod
    def normalise_regions(cls, names: list[str]) -> list[str]:
        """Return the codes in capitals; whether each is a country, `flask doctor` says."""
        codes = [name.strip().upper() for name in names]
        if not all(len(code) == 2 and code.isascii() and code.isalpha() for code in codes):
            raise ValueError("must be a list of countries' codes of two letters, like ET")
        return codes

    @model_validator(mode="after")
    def refuse_what_is_not_safe(self) -> Self:
        """Refuse weak keys and plain http in production, and a public site that is not in it."""
        problems = list(self._problems())
        if problems:
            raise ValueError(" ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        is_live = self.environment == "production"
        is_public = web_addresses.is_public(urlsplit(self.public_url).hostname or "")
        if is_public and "environment" not in self.model_fields_set:
            yield (
                "PUBLIC_URL is a public address, but ENVIRONMENT is not set. "
                "Set ENVIRONMENT=production."
            )
        if is_live and not self.public_url.startswith("https://"):
            yield "PUBLIC_URL must be an https address in production."
        if is_live and self.oidc_issuer.lower().startswith("http:"):
            yield "OIDC_ISSUER must be an https address in production."
        if is_live or (is_public and self.environment != "test"):
            yield from self._weak_keys()

    def _weak_keys(self) -> Iterator[str]:
        advice = "at least 32 random characters, for example from `openssl rand -hex 32`"
        if weak_keys.is_weak(self.secret_key):
            yield f"SECRET_KEY must be set to {advice}. It is missing, too short or easy to guess."
        if any(weak_keys.is_weak(one) for one in self.secret_key_fallbacks):
            yield f"Each of SECRET_KEY_FALLBACKS must have {advice}. Remove the others."
        for name in ("chain_signer_key", "chain_admin_key", "chain_recorder_key"):
            key: str = getattr(self, name)
            if key and weak_keys.is_weak_chain_key(key):
                yield f"{name.upper()} is a key that everybody knows. Make a new one."

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Key that signs and seals now, then former ones that are still accepted (rotation)."""
        return (self.secret_key, *self.secret_key_fallbacks)

    @property
    def operator(self) -> Operator:
        """Who runs the platform."""
        return Operator(
            self.operator_name,
            self.operator_address,
            self.operator_email,
            self.operator_phone,
            self.operator_registration,
        )

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
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = " ".join(_sentence(one["loc"], one["msg"]) for one in error.errors())
    except (SettingsError, variables.UnreadableSecret) as error:
        wrong = str(error)
    raise WrongSettings(wrong)


def _sentence(place: tuple[int | str, ...], text: str) -> str:
    text = text.removeprefix("Value error, ")
    if not place:
        return text
    return f"{place[0]}".upper() + f": {text}."


def settings() -> Settings:
    """Return the settings in force. Raises WrongSettings."""
    return _override or _from_environment()
