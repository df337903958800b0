"""A process's settings: the only place that reads the environment."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Never

from towerlab.domain.access import ALL, OPEN, Access, Role
from towerlab.domain.compute import Offer
from towerlab.runtime.compute_settings import offer_from
from towerlab.runtime.settings_error import SettingsError as SettingsError

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
PIPELINE_LOCK = Path(__file__).resolve().parents[3] / "locks" / "pipeline.txt"  # of a checkout; an image names its own
AT_ONCE = 8_000_000  # values, which takes about as many seconds
HERE, HANDED_OVER = "here", "handed_over"  # who trains in full: this installation's pipeline, or the Training domain
_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
BOOT_ERROR = 3  # gunicorn takes this exit status as 'do not start this worker again'


@dataclass(frozen=True)
class Local:
    """An installation on one machine. `services` maps a service to the base URL of its internal port; only the
    dispatcher and scheduler call it."""

    state: Path
    internal_token: str = field(repr=False)
    data_folders: tuple[Path, ...] = ()
    services: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.state / "towerlab.db"

    @property
    def artifacts(self) -> Path:
        return self.state / "artifacts"

    @property
    def snapshots(self) -> Path:
        return self.state / "snapshots"

    @property
    def uploads(self) -> Path:
        return self.state / "uploads"

    @property
    def runner(self) -> Path:
        return self.state / "runner"


@dataclass(frozen=True)
class Google:
    """An installation on Google Cloud. `artifacts` and `pipeline_root` are gs:// URIs, `snapshots` is the BigQuery
    dataset, as project.dataset, that table snapshots are made in; pushes and ticks come with tokens for
    `push_audience`, signed for one of `push_accounts`; `offer` is what its machines may be. The last two are other
    addresses of Google's services: for private endpoints, and for stand-ins."""

    project: str
    region: str
    artifacts: str
    pipeline_root: str
    snapshots: str
    push_audience: str
    push_accounts: tuple[str, ...]
    pipeline_image: str
    pipeline_account: str
    database: str = "(default)"  # of Firestore
    offer: Offer = field(default_factory=Offer)
    vertex_endpoint: str = ""
    token_certs: str = ""


@dataclass(frozen=True)
class Settings:
    """`place` says where the installation is, and what only such a one has; the rest is said of both."""

    place: Local | Google
    allowed_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    tracking_uri: str = ""
    public_url: str = ""
    pipeline_template: str = ""  # a path, or a URI such as gs://bucket/templates/<id>.json
    pipeline_lock: Path = PIPELINE_LOCK  # the requirements that a bundle carries
    log: str = "json"
    full_training: str = HERE  # or HANDED_OVER
    full_training_deadline_seconds: int = 86400
    test_deadline_seconds: int = 7200  # from the request of a quick test on, its time in the queue included
    upload_bytes: int = 2_000_000_000
    register_at_once_values: int = AT_ONCE  # a source with more is registered after the answer
    page: Path | None = None  # the folder of the page's built files; None: an API alone
    allowed_origins: tuple[str, ...] = ()  # of front ends elsewhere that may call the API, such as https://x.example
    stream_seconds: int = 55  # that a stream of events lasts before its reader must ask again
    audiences: tuple[str, ...] = ()  # of Google-signed tokens; none: no login, for loopback alone
    access: Access = OPEN

    @property
    def offer(self) -> Offer | None:
        """The machines to choose from; None on one machine."""
        return self.place.offer if isinstance(self.place, Google) else None


def settings_from(environ: Mapping[str, str]) -> Settings:
    """The settings that `environ` describes. Raises SettingsError."""
    audiences = _parts(environ, "TOWERLAB_AUDIENCES", ",")
    return Settings(
        place=_PLACES[_choice(environ, "TOWERLAB_PLATFORM", tuple(_PLACES), "local")](environ),
        allowed_hosts=_parts(environ, "TOWERLAB_ALLOWED_HOSTS", ",") or LOOPBACK_HOSTS,
        tracking_uri=environ.get("TOWERLAB_TRACKING_URI", ""),
        public_url=environ.get("TOWERLAB_PUBLIC_URL", "").rstrip("/"),
        pipeline_template=environ.get("TOWERLAB_PIPELINE_TEMPLATE", ""),
        pipeline_lock=_optional_path(environ, "TOWERLAB_PIPELINE_LOCK") or PIPELINE_LOCK,
        log=_choice(environ, "TOWERLAB_LOG", ("json", "pretty"), "pretty" if sys.stdout.isatty() else "json"),
        full_training=_choice(environ, "TOWERLAB_FULL_TRAINING", (HERE, HANDED_OVER), HERE),
        full_training_deadline_seconds=_whole(environ, "TOWERLAB_FULL_TRAINING_DEADLINE_SECONDS", 86400, "seconds"),
        test_deadline_seconds=_whole(environ, "TOWERLAB_TEST_DEADLINE_SECONDS", 7200, "seconds"),
        upload_bytes=_whole(environ, "TOWERLAB_UPLOAD_MEGABYTES", 2000, "megabytes") * 1_000_000,
        register_at_once_values=_whole(environ, "TOWERLAB_REGISTER_AT_ONCE_VALUES", AT_ONCE, "values"),
        page=_optional_path(environ, "TOWERLAB_PAGE"),
        allowed_origins=_origins(environ),
        stream_seconds=_whole(environ, "TOWERLAB_STREAM_SECONDS", 55, "seconds"),
        audiences=audiences,
        access=_access(environ) if audiences else OPEN,
    )


def load() -> Settings:
    """The settings of this process; says in one line what is missing and ends the process when they are not whole."""
    try:
        return settings_from(os.environ)
    except SettingsError as error:
        stop(str(error))


def on_one_machine(settings: Settings) -> Local:
    """Where that installation is; ends the process, as `load` does, when it is not on one machine."""
    if not isinstance(settings.place, Local):
        stop("TOWERLAB_PLATFORM is not local; this program belongs to an installation on one machine")
    return settings.place


def stop(line: str) -> Never:
    """End this process before it has begun, with one line that says why."""
    sys.stderr.write(f"cannot start: {line}\n")
    raise SystemExit(BOOT_ERROR)


def _local(environ: Mapping[str, str]) -> Local:
    state = _folder(environ)
    return Local(
        state=state,
        internal_token=_token(Path(environ.get("TOWERLAB_INTERNAL_TOKEN_FILE") or state / "token")),
        data_folders=tuple(Path(part) for part in _parts(environ, "TOWERLAB_DATA_FOLDERS", ":")),
        services=_services(environ),
    )


def _google(environ: Mapping[str, str]) -> Google:
    return Google(
        project=_needed(environ, "TOWERLAB_PROJECT", "the Google Cloud project"),
        region=_needed(environ, "TOWERLAB_REGION", "the region of Vertex AI and BigQuery"),
        artifacts=_bucket(environ, "TOWERLAB_ARTIFACTS"),
        pipeline_root=_bucket(environ, "TOWERLAB_PIPELINE_ROOT"),
        snapshots=_dataset(environ, "TOWERLAB_SNAPSHOTS"),
        push_audience=_needed(environ, "TOWERLAB_PUSH_AUDIENCE", "the audience of pushes' and ticks' tokens"),
        push_accounts=_parts(environ, "TOWERLAB_PUSH_ACCOUNTS", ",")
        or _missing("TOWERLAB_PUSH_ACCOUNTS", "the service accounts that may push and tick"),
        pipeline_image=_needed(environ, "TOWERLAB_PIPELINE_IMAGE", "the container image of the pipeline's tasks"),
        pipeline_account=_needed(environ, "TOWERLAB_PIPELINE_ACCOUNT", "the service account that pipelines run as"),
        database=environ.get("TOWERLAB_FIRESTORE_DATABASE") or "(default)",
        offer=offer_from(environ),
        vertex_endpoint=environ.get("TOWERLAB_VERTEX_ENDPOINT", "").rstrip("/"),
        token_certs=environ.get("TOWERLAB_TOKEN_CERTS", ""),
    )


_PLACES: Mapping[str, Callable[[Mapping[str, str]], Local | Google]] = {"local": _local, "google": _google}


def _needed(environ: Mapping[str, str], name: str, what: str) -> str:
    return environ.get(name) or _missing(name, what)


def _missing(name: str, what: str) -> Never:
    raise SettingsError(f"{name} is not set; it names {what}")


def _bucket(environ: Mapping[str, str], name: str) -> str:
    uri = _needed(environ, name, "a folder in Cloud Storage, such as gs://bucket/folder").rstrip("/")
    if not uri.startswith("gs://") or not uri.removeprefix("gs://"):
        raise SettingsError(f"{name} is {uri!r}; it must be a folder in Cloud Storage, such as gs://bucket/folder")
    return uri


def _dataset(environ: Mapping[str, str], name: str) -> str:
    text = _needed(environ, name, "the BigQuery dataset of table snapshots, such as project.dataset")
    if len(text.split(".")) != 2 or not all(text.split(".")):
        raise SettingsError(f"{name} is {text!r}; it must be project.dataset")
    return text


def _folder(environ: Mapping[str, str]) -> Path:
    text = environ.get("TOWERLAB_STATE")
    if not text:
        raise SettingsError("TOWERLAB_STATE is not set; it names the folder that holds the installation's state")
    if not Path(text).is_dir():
        raise SettingsError(f"TOWERLAB_STATE is {text!r}, which is not a folder; make it first")
    return Path(text).resolve()


def _token(path: Path) -> str:
    try:
        token = path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"TOWERLAB_INTERNAL_TOKEN_FILE: {path} cannot be read ({error.strerror})") from error
    if len(token) < 16:
        raise SettingsError(f"TOWERLAB_INTERNAL_TOKEN_FILE: the token in {path} has fewer than 16 characters")
    return token


def _parts(environ: Mapping[str, str], name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(separator) if part.strip())


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    origins = _parts(environ, "TOWERLAB_ALLOWED_ORIGINS", ",")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(f"TOWERLAB_ALLOWED_ORIGINS has {origin!r}; an origin is such as https://page.example")
    return origins


def _optional_path(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name)
    return Path(text) if text else None


def _choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = environ.get(name) or default
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int, unit: str) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 10**7:
        raise SettingsError(f"{name} is {text!r}; it must be a number of {unit} from 1 to 10000000")
    return int(text)


def _services(environ: Mapping[str, str]) -> Mapping[str, str]:
    try:
        urls = json.loads(environ.get("TOWERLAB_SERVICES") or "{}")
    except ValueError as error:
        raise SettingsError(f"TOWERLAB_SERVICES is not JSON ({error})") from error
    if not isinstance(urls, dict) or not all(isinstance(url, str) for url in urls.values()):
        raise SettingsError('TOWERLAB_SERVICES must be a JSON object such as {"codegen": "http://127.0.0.1:8002"}')
    return {name: url.rstrip("/") for name, url in urls.items()}


def _access(environ: Mapping[str, str]) -> Access:
    """TOWERLAB_ROLES: {"ann@example.org": "admin", "*@example.org": {"<dataset id>": "viewer"}}."""
    try:
        roles = json.loads(environ.get("TOWERLAB_ROLES") or "{}")
        return Access({person.lower(): _granted(granted) for person, granted in roles.items()})
    except (ValueError, KeyError, AttributeError) as error:
        example = '{"ann@example.org": "admin", "*@example.org": {"<dataset id>": "viewer"}}'
        raise SettingsError(f"TOWERLAB_ROLES must be JSON such as {example} ({error!r})") from error


def _granted(granted: str | Mapping[str, str]) -> Mapping[str, Role]:
    by_dataset = {ALL: granted} if isinstance(granted, str) else granted
    return {dataset: Role.named(name) for dataset, name in by_dataset.items()}
