"""Model files: found in packages without importing them, built once, never used when damaged."""

import hashlib
import logging
import sys
from pathlib import Path

import pytest

from monitor.errors import ModelError
from monitor.vision.models import ModelFile, cached_build, sha256_of, weights


class Builder:
    """Turns its input round, and counts how often."""

    def __init__(self) -> None:
        self.built = 0

    def __call__(self, content: bytes) -> bytes:
        self.built += 1
        return content[::-1]


def content_of(built: Path | bytes) -> bytes:
    assert isinstance(built, Path), "it is read from the cache"
    return built.read_bytes()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "weights.dat"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "muster"


def test_a_model_is_built_once_and_then_read(source: Path, cache: Path) -> None:
    build = Builder()
    assert [content_of(cached_build(cache, source, "recipe", build)) for _ in range(3)] == [b"sthgiew"] * 3
    assert build.built == 1


def test_nothing_but_the_model_stays_in_the_cache(source: Path, cache: Path) -> None:
    cached_build(cache, source, "recipe", Builder())
    assert [path.name.split("-")[0] for path in cache.iterdir()] == ["recipe"]


def test_other_weights_are_built_anew(source: Path, cache: Path) -> None:
    build = Builder()
    cached_build(cache, source, "recipe", build)
    source.write_bytes(b"better")
    assert content_of(cached_build(cache, source, "recipe", build)) == b"retteb"


def test_another_recipe_builds_anew(source: Path, cache: Path) -> None:
    cached_build(cache, source, "recipe-1", Builder())
    build = Builder()
    cached_build(cache, source, "recipe-2", build)
    assert build.built == 1


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[:-1], lambda whole: b"", lambda whole: whole[:3] + b"?" + whole[4:]],
    ids=["cut off", "empty", "changed"],
)
def test_a_damaged_cache_is_built_again_with_a_line_that_says_so(
    source: Path, cache: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    cached_build(cache, source, "recipe", Builder())
    (stored,) = cache.iterdir()
    stored.write_bytes(damage(stored.read_bytes()))  # type: ignore[operator]
    build = Builder()
    with caplog.at_level(logging.WARNING):
        assert content_of(cached_build(cache, source, "recipe", build)) == b"sthgiew"
    assert build.built == 1
    (line,) = caplog.messages
    assert "damaged" in line
    caplog.clear()
    assert content_of(cached_build(cache, source, "recipe", build)) == b"sthgiew"
    assert build.built == 1
    assert not caplog.messages


def test_a_cache_that_cannot_be_written_costs_a_line_but_not_the_model(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a file in the way"
    blocked.touch()
    with caplog.at_level(logging.WARNING):
        assert cached_build(blocked / "muster", source, "recipe", Builder()) == b"sthgiew"
    assert "cannot be written" in caplog.text


def test_a_cache_that_cannot_even_be_looked_at_costs_a_line_but_not_the_model(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert cached_build(tmp_path / ("x" * 300), source, "recipe", Builder()) == b"sthgiew"
    assert caplog.messages


def test_a_folder_in_place_of_the_cached_file_costs_a_line_but_not_the_model(
    source: Path, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached_build(cache, source, "recipe", Builder())
    (stored,) = cache.iterdir()
    stored.unlink()
    (stored / "inside").mkdir(parents=True)
    assert cached_build(cache, source, "recipe", Builder()) == b"sthgiew"
    assert caplog.messages
    assert [path.name for path in cache.iterdir()] == [stored.name]


def test_an_error_in_building_leaves_nothing_in_the_cache(source: Path, cache: Path) -> None:
    def fail(content: bytes) -> bytes:
        raise ModelError("The weights are damaged.")

    with pytest.raises(ModelError):
        cached_build(cache, source, "recipe", fail)
    assert not cache.exists()


def test_a_packages_file_is_found_without_importing_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "heavy_models"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "data" / "net.bin").write_bytes(b"net")
    monkeypatch.syspath_prepend(str(tmp_path))
    model = ModelFile("heavy_models", "data/net.bin", hashlib.sha256(b"net").hexdigest())
    assert weights(model).read_bytes() == b"net"
    with pytest.raises(ModelError, match=r"net\.bin is damaged"):
        weights(model._replace(sha256="0" * 64))
    assert "heavy_models" not in sys.modules


@pytest.mark.parametrize(("package", "name"), [("no_such_package", "net.bin"), ("hypothesis", "no/such.bin")])
def test_a_missing_package_or_file_says_what_to_do(package: str, name: str) -> None:
    with pytest.raises(ModelError, match=r"install Muster again\.$") as caught:
        weights(ModelFile(package, name, ""))
    assert name in str(caught.value)


def test_the_hash_of_a_file_is_sha_256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(tmp_path / "abc") == expected
