"""The static build: hashed names, kept for good, and icons by name."""

import gzip
import re

import pytest

from app.web import assets, icons
from app.web.assets import BUILD, StaticBuildMissing


@pytest.fixture(scope="module")
def manifest():
    return assets.build()


def test_a_static_file_is_kept_for_good(client, manifest):
    answer = client.get(f"/static/{manifest['portal.css']}")
    assert answer.status_code == 200
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_a_static_file_comes_packed_to_who_takes_it_so(client, manifest):
    path = f"/static/{manifest['tabler.css']}"
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) * 5 < len(plain.data)
    assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip;q=0"}).headers


@pytest.mark.parametrize(
    "name", ["manifest.json", "icons.json", "nothing.css", "../css/portal.css", "%2e%2e/x", "portal.css"]
)
def test_only_built_files_are_served(client, manifest, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_modules_import_each_other_by_their_hashed_names(manifest):
    source = (BUILD / manifest["app.js"]).read_text()
    imported = re.findall(r'"\./([\w.-]+)"', source)
    assert len(imported) >= 5
    assert set(imported) <= set(manifest.values())


def test_the_same_sources_make_the_same_names(manifest):
    assert assets.build() == manifest


def test_no_built_style_or_script_asks_another_host(manifest):
    for name in manifest.values():
        if name.endswith((".css", ".js")):
            text = (BUILD / name).read_text()
            assert not re.findall(r"url\(['\"]?(?!data:)[a-z]+:", text), name
            assert "sourceMappingURL" not in text, name


def test_every_icon_of_the_set_can_be_drawn(manifest):
    assert len(icons.shapes()) > 5000
    assert "<path" in icons.icon("chart-bar")
    assert 'aria-hidden="true"' in icons.icon("chart-bar")
    assert 'role="img" aria-label="Yes"' in icons.icon("check", label="Yes")


@pytest.mark.parametrize("name", [None, "", "no-such-icon", '"><script>alert(1)</script>', "\x00"])
def test_another_name_draws_the_neutral_shape(manifest, name):
    assert icons.icon(name) == icons.icon(icons.FALLBACK)


def test_icon_names_are_found_by_their_beginning_first(manifest):
    found = icons.names("chart", 10)
    assert len(found) == 10
    assert all(name.startswith("chart") for name in found)


def test_a_missing_build_is_one_clear_error(app, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "PACKAGES", tmp_path / "nowhere")
    with pytest.raises(StaticBuildMissing, match="npm ci"):
        assets.build()
