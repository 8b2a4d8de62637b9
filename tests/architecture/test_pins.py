"""Each package that Muster needs, directly or not, has one version, which pyproject.toml names."""

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
DIRECT = [
    *PROJECT["project"]["dependencies"],
    *EXTRAS["training"],
    *EXTRAS["bench"],
    *PROJECT["dependency-groups"]["dev"],
]
INDIRECT = PROJECT["tool"]["uv"]["constraint-dependencies"]
METADATA = {one["name"]: one["requires-dist"] for one in PROJECT["tool"]["uv"]["dependency-metadata"]}


def applies(requirement: Requirement, extras: Sequence[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def installed(name: str) -> str | None:
    """The version; None for a package that only other systems need."""
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


@cache
def needed(name: str, extras: tuple[str, ...]) -> tuple[Requirement, ...]:
    """What an installed package asks for here."""
    asked = METADATA.get(name) or (distribution(name).requires if installed(name) else None) or ()
    return tuple(one for one in map(Requirement, asked) if applies(one, extras))


def walked(first: Sequence[str]) -> Iterator[str]:
    """Canonical names of all packages that these requirements bring."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    left = [Requirement(one) for one in first]
    while left:
        one = left.pop()
        key = str(canonicalize_name(one.name)), tuple(sorted(one.extras))
        if key not in seen and key[0] != "muster":
            seen.add(key)
            left += needed(*key)
            yield key[0]


def pinned(lines: Sequence[str]) -> dict[str, str]:
    """The version that each of these lines allows here, by canonical name."""
    here = [one for one in map(Requirement, lines) if applies(one) and one.specifier]
    assert all(str(one.specifier).startswith("==") for one in here)
    return {str(canonicalize_name(one.name)): str(one.specifier).removeprefix("==") for one in here}


def test_every_package_that_is_needed_is_pinned_to_the_installed_version() -> None:
    pins = pinned(DIRECT) | pinned(INDIRECT)
    found = {name: version for name in walked(DIRECT) if (version := installed(name))}
    assert len(found) > 100
    assert {name: pins.get(name) for name in found} == found, "write the pins anew with .ci/pin"


def test_nothing_is_pinned_twice() -> None:
    assert not pinned(DIRECT).keys() & pinned(INDIRECT).keys()


def test_no_package_is_fetched_from_an_address() -> None:
    assert not [line for line in (*DIRECT, *INDIRECT) if "://" in line or "@" in line]
