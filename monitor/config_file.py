"""The configuration file: one setting written or taken out, and an example."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from monitor.config import Settings
from monitor.config_sources import SECRET, fields, load_settings, problem_of, read_file
from monitor.errors import SettingsError
from monitor.files import unfinished

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

Value: TypeAlias = str | float | bool | list[str]


def set_setting(file: Path, name: str, text: str) -> Value:
    """Writes a setting that somebody typed into the configuration file.

    Args:
        name: of a setting; quality.yaw for one in a table.
        text: its value as text; "true" and "false" for switches, and commas between several.

    Returns:
        The value that was written.

    Raises:
        SettingsError: there is no such setting, the value makes no sense, or the file cannot be written.
    """
    field = _field(name)
    annotation: Any = field.annotation
    if name == "admin_pin_hash":
        raise SettingsError("'muster desk admin-pin' sets the admin PIN, or in the app System (F6), c, admin_pin_hash.")
    try:
        if annotation == tuple[str, ...]:
            value: Value = [part.strip() for part in text.split(",") if part.strip()]
        elif get_origin(annotation) is tuple:
            raise SettingsError(f"{name} are tables; write them with 'muster {name}' or 'muster config edit'.")
        else:
            kind: Any = Annotated[annotation, *field.metadata] if field.metadata else annotation
            value = TypeAdapter(kind).validate_strings(text)
        _require_sense(name, value, file)
    except ValidationError as error:
        raise SettingsError(f"Setting {name}: {problem_of(error)}.") from None
    save_setting(file, name, value)
    return value


def choices_of(name: str) -> tuple[str, ...]:
    """The values that a setting can have, as text; nothing where it can have any. Raises: SettingsError."""
    annotation: Any = _field(name).annotation
    if annotation is bool:
        return ("true", "false")
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return tuple(str(one) for part in parts if get_origin(part) is Literal for one in get_args(part))


def unset_setting(file: Path, name: str) -> bool:
    """Takes a setting out of the configuration file, so that its default holds again; whether it was there.

    Raises:
        SettingsError: there is no such setting, or the file cannot be written.
    """
    _field(name)
    table, _, key = name.rpartition(".")

    def remove(document: "TOMLDocument") -> bool:
        held = document.get(table, {}) if table else document
        there = key in held
        if there:
            del held[key]
        return there

    return file.exists() and _rewrite(file, remove)


def example() -> str:
    """A configuration file in which every setting stands with its sentence and its default, commented out."""
    lines = ["# Settings of Muster. Take the # away before a line to change its value.", ""]
    table = ""
    for name, field in fields(Settings):
        here, _, key = name.rpartition(".")
        if name in SECRET:
            continue
        if here != table:
            lines += [f"[{here}]", ""]
            table = here
        lines += [f"# {field.description}", f"# {key} = {_as_toml(_example_of(field))}", ""]
    return "\n".join(lines)


def save_setting(file: Path, name: str, value: Value) -> None:
    """Write one setting into the configuration file; everything else in it stays as it is, comments too.

    The file is replaced as a whole, so that nobody ever reads half of it.

    Args:
        file: created where it does not exist, readable by its owner only.
        name: of a setting; quality.yaw for one in a table.

    Raises:
        SettingsError: the file is not valid TOML, writes this setting over several lines, or cannot be written.
    """
    import tomlkit
    import tomlkit.items

    table, _, key = name.rpartition(".")

    def write(document: "TOMLDocument") -> bool:
        held = document.setdefault(table, tomlkit.table()) if table else document
        before = held.get(key)
        if isinstance(before, tomlkit.items.Item) and "\n" in before.as_string():
            written = tomlkit.item(value).as_string()
            raise SettingsError(f"{name} in {file} is written over several lines; write {key} = {written} yourself.")
        held[key] = value
        return True

    _rewrite(file, write)


def add_table(file: Path, name: str, values: Mapping[str, Value]) -> None:
    """Adds one table to a setting that is a list of tables, such as `[[webhooks]]`.

    Raises:
        SettingsError: the settings would make no sense with it, or the file cannot be written; it is as it was.
    """
    import tomlkit

    def add(document: "TOMLDocument") -> bool:
        table = tomlkit.table()
        table.update(values)
        tables = document.get(name)
        if tables is None:
            tables = document[name] = tomlkit.aot()
        tables.append(table)
        return True

    _rewrite(file, add, prove=True)


def remove_table(file: Path, name: str, key: str, value: str) -> bool:
    """Takes the table with this value out of a setting that is a list of tables; whether it was there.

    Raises:
        SettingsError: the file cannot be written.
    """

    def remove(document: "TOMLDocument") -> bool:
        tables = document.get(name, [])
        found = [index for index, one in enumerate(tables) if one.get(key) == value]
        for index in reversed(found):
            del tables[index]
        if found and not tables:
            del document[name]
        return bool(found)

    return file.exists() and _rewrite(file, remove)


def write_file(file: Path, text: str) -> None:
    """Replaces the whole configuration file, once it is proved to make sense.

    Raises:
        SettingsError: the text is not valid TOML, a setting makes no sense, or the file cannot be written; it is as
            it was.
    """
    _replace(file, text, prove=True)


def _rewrite(file: Path, change: Callable[["TOMLDocument"], bool], *, prove: bool = False) -> bool:
    """Changes the file's document; line ends stay as they are. Gives whether `change` did change something."""
    import tomlkit

    if file.exists():
        read_file(file)  # says what is wrong with it
    text = file.read_bytes().decode() if file.exists() else ""
    document = tomlkit.parse(text)
    if not change(document):
        return False
    changed = tomlkit.dumps(document)
    if 0 < text.count("\n") == text.count("\r\n"):
        changed = changed.replace("\r\n", "\n").replace("\n", "\r\n")
    _replace(file, changed, prove=prove)
    return True


def _replace(file: Path, text: str, *, prove: bool) -> None:
    """Writes the whole file; with `prove`, only settings that make sense. Raises: SettingsError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(file, private=not file.exists()) as part:
            part.write_bytes(text.encode())
            if prove:
                load_settings(part)
    except OSError as error:
        raise SettingsError(f"The configuration file {file} cannot be written: {error.strerror}.") from None
    except SettingsError as error:  # it names the unfinished file
        raise SettingsError(str(error).replace(str(part), str(file))) from None


def _field(name: str) -> FieldInfo:
    known = dict(fields(Settings))
    if name not in known:
        near = get_close_matches(name, known, 1)
        meant = f"; perhaps {near[0]} is meant" if near else ""
        raise SettingsError(f"There is no setting {name}{meant}. 'muster config show' lists all of them.")
    return known[name]


def _require_sense(name: str, value: Value, file: Path) -> None:
    """Raises: ValidationError, where a setting with this value makes no sense beside the others of its table."""
    table, _, key = name.rpartition(".")
    beside = read_file(file).get(table, {}) if table and file.exists() else {}
    Settings.model_validate({table: {**beside, key: value}} if table else {key: value})


def _example_of(field: FieldInfo) -> Any:
    """The default; where that is "not set", the first of the values that it may have."""
    default = field.get_default(call_default_factory=True)
    return get_args(get_args(field.annotation)[0])[0] if default is None else default


def _as_toml(value: Any) -> str:
    import tomlkit

    return str(tomlkit.item(value).as_string())
