"""What is released: the same bytes from the same source, everything in it, and exactly what it is made of."""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from anthropic_exporter import __version__

ROOT = Path(__file__).resolve().parents[2]
WHEEL = f"anthropic_exporter-{__version__}-py3-none-any.whl"
SOURCE = f"anthropic_exporter-{__version__}.tar.gz"


def build(source, folder):
    """Build wheel and source distribution of a copy of the source, as of one second of 2026."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=source,
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1795000000"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return folder / WHEEL, folder / SOURCE


def copy(folder):
    """Copy what a release is made from, without what lies around."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, folder)
    for name in ("requirements-dev.txt", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__", "_revision.txt")
    for name in ("exporter", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(copy(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("dist"))


def test_the_same_source_gives_the_same_bytes(built, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    again = build(copy(tmp_path / "elsewhere"), tmp_path / "dist")
    for first, second in zip(built, again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_a_wheel_can_be_built_from_the_source_distribution(built, tmp_path):
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path, filter="data")
    wheel, _ = build(tmp_path / SOURCE.removesuffix(".tar.gz"), tmp_path / "dist")
    with zipfile.ZipFile(wheel) as second, zipfile.ZipFile(built[0]) as first:
        assert second.namelist() == first.namelist()


def test_the_wheel_holds_the_whole_package_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = ROOT / "exporter" / "anthropic_exporter"
    ours = {
        str(file.relative_to(ROOT / "exporter"))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.name != "_revision.txt"
    }
    assert names == ours


def test_the_installed_command_runs_from_the_wheel(built, tmp_path):
    installed = tmp_path / "site"
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(installed)
    # Only what was installed is found, and the dependencies of this environment.
    script = f"import sys; sys.path.insert(0, {str(installed)!r}); from anthropic_exporter.cli import run; "
    script += "import anthropic_exporter as a; print(a.__file__); sys.exit(run(['version']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith(str(installed))
    assert f"anthropic-exporter {__version__}" in done.stdout


def test_the_version_stands_in_one_place_of_the_program():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "exporter/anthropic_exporter/__init__.py"


def names(file):
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (ROOT / file).read_text(), flags=re.MULTILINE))


def test_the_locks_agree_and_every_line_has_a_hash():
    everything = names("requirements-dev.txt")
    for file in ("requirements.txt", "requirements-build.txt"):
        assert names(file).items() <= everything.items()
        requirements = (ROOT / file).read_text().replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in line for line in requirements if "==" in line)


def test_the_lock_has_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.match(r"[A-Za-z0-9-]+", each)[0].lower() for each in project["dependencies"]}
    assert wanted <= names("requirements.txt").keys()


def test_the_bill_of_materials_is_the_lock():
    command = [sys.executable, str(ROOT / "deploy" / "sbom.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    document = json.loads(done.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    assert {each["name"]: each["version"] for each in document["components"]} == names("requirements.txt")
    assert document["metadata"]["component"]["version"] == __version__
    for each in document["components"]:
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        assert each["externalReferences"][0]["hashes"]
    again = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert again.stdout == done.stdout


def test_workflows_call_targets_that_exist_and_pin_what_they_use():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert files
    for file in files:
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {"contents": "read"}
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                called = re.findall(r"\bmake ([a-z]+)", step.get("run", ""))
                assert set(called) <= targets


@pytest.mark.parametrize("target", ["dist", "sbom"])
def test_what_make_builds_has_the_time_of_the_commit(target):
    told = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert "SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} .venv/bin/python" in told.stdout
