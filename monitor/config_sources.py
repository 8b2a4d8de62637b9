"""Where settings get their values: defaults, the configuration file (TOML), `MUSTER_*` variables, the command line."""

import logging
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from monitor import config
from monitor.config import Settings
from monitor.errors import SettingsError

Origin: TypeAlias = Literal["default", "file", "variable", "option"]

SECRET: Final = frozenset({"admin_pin_hash", "forward", "mqtt.password", "opener.secret", "webhooks"})
"""Settings whose value is shown to nobody."""

_NO_SETTINGS = ("MUSTER_KEY", "MUSTER_NEW_KEY", "MUSTER_FORWARD_URL", "MUSTER_OLIVETTI", "MUSTER_FER", "MUSTER_TEST_")
"""How variables begin that commands, studies and tests read and are not settings."""

log = logging.getLogger(__name__)


def load_settings(file: Path | None = None, **given: Any) -> Settings:
    """The settings in force.

    Args:
        file: configuration file; None for the user's own, which need not exist.
        given: values from the command line; None means not given.

    Raises:
        SettingsError: with the first thing that is wrong, and where.
    """
    _refuse_misspelt_variables()
    written = _not_in_environment(read_file(file), "MUSTER_")
    typed = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**(written | typed))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        names = [str(part) for part in first["loc"]]
        unknown = first["type"] == "extra_forbidden"
        problem = "there is no such setting" if unknown else problem_of(error)
        variable = f"MUSTER_{'_'.join(names)}".upper()
        where = f" (in {file or config.CONFIG_FILE})" if names[0] in written else ""
        where = f" (variable {variable})" if variable in os.environ else where
        raise SettingsError(f"Setting {'.'.join(names)}: {problem}{'' if names[0] in typed else where}.") from None


def problem_of(error: ValidationError) -> str:
    """What is wrong with the first wrong value, as the end of a sentence."""
    said = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
    return said.partition(", unable to parse")[0].replace("Input should", "it should")


def _refuse_misspelt_variables() -> None:
    """Raises: SettingsError, where a variable is almost the name of a setting; another one is warned of."""
    settings = {f"MUSTER_{name}".upper(): one.annotation for name, one in Settings.model_fields.items()}
    tables = tuple(
        f"{name}_" for name, kind in settings.items() if isinstance(kind, type) and issubclass(kind, BaseModel)
    )
    for variable in os.environ:
        known = variable in settings or variable.startswith((*_NO_SETTINGS, *tables))
        if not variable.startswith("MUSTER_") or known:
            continue
        for meant in get_close_matches(variable, settings, 1, cutoff=0.9):
            raise SettingsError(f"The variable {variable} is not a setting; perhaps {meant} is meant.")
        _warn_of(variable)


@cache
def _warn_of(variable: str) -> None:
    """Once in a process."""
    log.warning("The variable %s is not a setting of Muster and changes nothing.", variable)


def _not_in_environment(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The values of a table that no variable overrides."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        variable = f"{prefix}{name}".upper()
        if isinstance(value, Mapping):
            kept[name] = _not_in_environment(value, f"{variable}_")
        elif variable not in os.environ:
            kept[name] = value
    return kept


def read_file(file: Path | None = None) -> dict[str, Any]:
    """What the configuration file holds, by the present names; empty where the user's own does not exist.

    Raises:
        SettingsError: it does not exist, cannot be read, or is not valid TOML.
    """
    path = file or config.CONFIG_FILE
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if file is None:
            return {}
        raise SettingsError(f"The configuration file {path} does not exist; correct --config.") from None
    except OSError as error:
        raise SettingsError(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The configuration file {path} is not valid TOML: {error}.") from None
    keys = written.get("keys")
    if isinstance(keys, dict) and "unite" in keys:  # as this key was called up to 0.13
        keys.setdefault("merge", keys.pop("unite"))
    return written


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting, its value, and who set it."""

    name: str
    """With the name of its table where it is in one: quality.yaw."""
    value: str
    """As people read it."""
    origin: Origin
    sentence: str


def settings_in_force(file: Path | None = None, **given: Any) -> list[SettingInForce]:
    """Every setting with where its value comes from, in the order of the reference.

    Args:
        file: the configuration file; None for the user's own, which need not exist.
        given: values from the command line; None means not given.

    Raises:
        SettingsError: a setting makes no sense.
    """
    settings = load_settings(file, **given)
    typed = {name for name, value in given.items() if value is not None}
    written = dict(_flat(read_file(file)))
    found = []
    for name, field in fields(Settings):
        value = _value(settings, name)
        in_variable = f"MUSTER_{name.replace('.', '_')}".upper() in os.environ
        of_file: Origin = "variable" if in_variable else "file" if name in written else "default"
        origin: Origin = "option" if name in typed else of_file
        found.append(SettingInForce(name, _shown(name, value), origin, field.description or ""))
    return found


def usual_settings() -> list[tuple[str, str, str]]:
    """Name, default and sentence of every setting; the default is empty where it is of the machine."""
    return [
        (name, "" if field.default_factory else _shown(name, field.default), field.description or "")
        for name, field in fields(Settings)
    ]


def fields(model: type[BaseModel], table: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Name and field of each setting; those in tables come last, as TOML wants it."""
    nested = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            nested.append((name, field.annotation))
        else:
            yield f"{table}{name}", field
    for name, inner in nested:
        yield from fields(inner, f"{name}.")


def _shown(name: str, value: object) -> str:
    """A value as people read it."""
    if name in SECRET or value is None:
        return "set" if value else "not set"
    return str(value)


def _flat(values: Mapping[str, Any], table: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{table}{name}.")
        else:
            yield f"{table}{name}", value


def _value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found
