"""The folders: how large they are, what imports what, and that each module stands in a contract of import-linter."""

import tomllib
from collections import Counter, defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("monitor", "enroll", "training", "db")
MOST_MODULES = 15


@cache
def imports() -> grimp.ImportGraph:
    """All imports, those that only types need included."""
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def folder(module: str) -> str:
    return module if imports().find_children(module) else module.rpartition(".")[0]


def test_no_folder_has_more_than_fifteen_modules() -> None:
    files = (file.relative_to(ROOT) for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    counted = Counter(file.parent for file in files if file.name != "__init__.py" and "versions" not in file.parts)
    assert {str(one): count for one, count in counted.items() if count > MOST_MODULES} == {}


def test_no_two_folders_import_each_other_not_even_by_a_detour() -> None:
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for module in imports().modules:
        needs[folder(module)] |= {folder(one) for one in imports().find_modules_directly_imported_by(module)}
    for one, below in needs.items():
        below.discard(one)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(f"These folders import each other: {' <- '.join(error.args[1])}.")


def test_every_module_stands_in_a_layer() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = [name.strip() for layer in layers for name in layer.split("|")]
    missing = [
        module
        for module in imports().modules
        if module not in PACKAGES and not any(f"{module}.".startswith(f"{name}.") for name in placed)
    ]
    assert missing == []


def test_who_imports_all_tables_gets_each_module_of_tables() -> None:
    tables = imports().find_modules_that_directly_import("db.schema.base") - {"db.schema.tables"}
    modules = {module for module in tables if module.startswith("db.schema.")}
    assert len(modules) > 5
    assert modules <= imports().find_modules_directly_imported_by("db.schema.tables")


def test_who_opens_a_database_to_write_has_all_tables() -> None:
    assert "db.schema.tables" in imports().find_modules_directly_imported_by("db.engine")
