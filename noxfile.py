"""The sessions of development: `nox -l` lists them, `nox -s tests` tests the wheel on each Python."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

PYTHONS = ["3.11", "3.12", "3.13"]

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests"]


def wheel(session: nox.Session) -> Path:
    """Build the wheel in the session's own folder and return its path."""
    folder = Path(session.create_tmp())
    for old in folder.glob("*.whl"):
        old.unlink()
    # setuptools ships whatever an earlier build left here, deleted files too.
    shutil.rmtree("build", ignore_errors=True)
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), external=True)
    (built,) = folder.glob("*.whl")
    return built


def test_against(session: nox.Session, built: Path, *more: str) -> None:
    """Run pytest against the installed wheel; tests/conftest.py refuses any other ctrlkit."""
    session.run("pytest", "-n", "2", *more, *session.posargs, env={"CTRLKIT_WHEEL": str(built), "PYTHONPATH": ""})


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Test the wheel."""
    built = wheel(session)
    session.install(f"{built}[test,clients,spark]")
    test_against(session, built)


@nox.session(python=PYTHONS[0])
def engines(session: nox.Session) -> None:
    """Evaluate every dataset of every control on both engines; elsewhere the second sees one case of each sort."""
    built = wheel(session)
    session.install(f"{built}[test]")
    session.run(
        "pytest", "-n", "2", "tests/test_controls.py", env={"CTRLKIT_WHEEL": str(built), "CTRLKIT_TRIALS": "all"}
    )


@nox.session(python=PYTHONS[0], venv_backend="uv")
def minimums(session: nox.Session) -> None:
    """Test the wheel with the lowest versions that pyproject.toml allows."""
    built = wheel(session)
    session.run("uv", "pip", "install", "--resolution", "lowest-direct", f"{built}[test]", external=True)
    # The clients of our formats, and Spark, ask for newer libraries than we do.
    test_against(session, built, "--ignore", "tests/test_clients.py", "--ignore", "tests/test_spark.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style of every file, change none."""
    session.install("ruff>=0.14")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Check types as strictly as mypy can."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """Test that the documents tell the truth, and build the site in docs/site; `-- linkcheck` asks the web as well."""
    built = wheel(session)
    session.install(f"{built}[docs,test]")
    session.run("pytest", "tests/test_docs.py", env={"CTRLKIT_WHEEL": str(built)})
    builder = session.posargs or ["html"]
    session.run("sphinx-build", "-q", "-n", "-W", "--keep-going", "-b", *builder, "docs", "docs/site")


@nox.session(python=PYTHONS[0])
def benchmarks(session: nox.Session) -> None:
    """Print the figures of benchmarks/; each script there says what it measures."""
    session.install(".[duckdb]", "playwright>=1.55")
    for script in sorted(Path("benchmarks").glob("[a-z]*.py")):
        session.run("python", str(script), *session.posargs)
