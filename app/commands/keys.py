"""`rasg keys`: who may ask the service, what for, and until when."""

from __future__ import annotations

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from app.log import configure_logging
from app.settings import Settings, load_settings
from app.terminal import echo, open_console
from app.wiring import build_keys, open_database
from schemas.access import SCOPES, ApiKey, check_scopes

if TYPE_CHECKING:  # it brings a database with it
    from app.access.keys import KeyRing, NewKey

app = typer.Typer(no_args_is_help=True, help="API keys: from the first one on, every request needs one.")

_DEFAULT_SCOPES = ("extract", "read")

_Id = Annotated[str, typer.Argument(help="As `rasg keys list` shows it.")]
# A hundred years; a calendar ends.
_MAX_DAYS = 36_500
_Days = Annotated[
    float | None, typer.Option(help="Days until it ends; it never does, if not named.", min=0, max=_MAX_DAYS)
]
_Hours = Annotated[float, typer.Option(help="How long the old one still opens.", min=0, max=24 * _MAX_DAYS)]
_By = Annotated[str | None, typer.Option("--by", help="Who makes it; you, if not named.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for: a program's or a person's name.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"Of {', '.join(SCOPES)}; may be repeated. {' and '.join(_DEFAULT_SCOPES)}."),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose it is; overrides RASG_STORE__TENANT.")] = None,
    days: _Days = None,
    by: _By = None,
) -> None:
    """Make a key and print it: it is shown this once."""
    with _open() as (settings, keys):
        made = keys.create(
            name,
            tenant=tenant or settings.store.tenant,
            scopes=check_scopes(tuple(scope or _DEFAULT_SCOPES)),
            actor=_who(by),
            lifetime=None if days is None else timedelta(days=days),
        )
    _hand_over(made)


@app.command("list")
def list_(
    tenant: Annotated[str | None, typer.Option(help="Whose; everyone's, if not named.")] = None,
) -> None:
    """List keys, the oldest first; never their secrets."""
    with _open() as (_, keys):
        known = keys.known(tenant)
    now = datetime.now(UTC)
    table = Table(Column("id", no_wrap=True), "tenant", "name", "scopes", "state", "ends", "last used")
    for key in known:
        cells = (_moment(key.expires_at), _moment(key.last_used_at))
        table.add_row(key.key_id, key.tenant, Text(key.name), " ".join(key.scopes), _state(key, now), *cells)
    open_console().print(table)


@app.command("rotate")
def rotate(
    key_id: _Id,
    overlap_hours: _Hours = 24.0,
    days: _Days = None,
    by: _By = None,
) -> None:
    """Make a key in the place of another one, which ends after an overlap."""
    with _open() as (_, keys):
        lifetime = None if days is None else timedelta(days=days)
        made = keys.rotate(key_id, overlap=timedelta(hours=overlap_hours), actor=_who(by), lifetime=lifetime)
    _hand_over(made)


@app.command("revoke")
def revoke(key_id: _Id) -> None:
    """Take a key back: it opens nothing from now on, and cannot be given out again."""
    with _open() as (_, keys):
        gone = keys.revoke(key_id)
    echo(f"{gone.key_id} opens nothing any more", err=True)


@contextmanager
def _open() -> Generator[tuple[Settings, KeyRing]]:
    settings = load_settings()
    configure_logging(settings.log)
    database = open_database(settings)
    try:
        yield settings, build_keys(database)
    finally:
        database.dispose()


def _hand_over(made: NewKey) -> None:
    """Print the key alone on stdout, for a file or a variable, and what it is beside it."""
    key = made.key
    what = f"{key.key_id}: {' '.join(key.scopes)} for the tenant {key.tenant}, ends {_moment(key.expires_at)}"
    echo(f"{what}; it is not shown again", err=True)
    echo(made.text)


def _state(key: ApiKey, at: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "live" if key.is_live(at) else "over"


def _moment(at: datetime | None) -> str:
    return "never" if at is None else at.isoformat(timespec="minutes")


def _who(by: str | None) -> str:
    try:
        return by or getpass.getuser()
    except OSError:  # a container's user may have no name
        return "command line"
