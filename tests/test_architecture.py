"""The five laws and the style, where a machine can check them: size, names, time, mutability."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("graphs", "searcher", "sims")
MAX_FILE_LINES = 400
MAX_BODY_LINES = 60
TYPICAL_BODY_LINES = 30
TYPICAL_SHARE = 0.95
BANNED_FILE_NAMES = {"utils", "helpers", "common", "misc", "manager"}
SUPPRESSIONS_PER_LINES = 1_000


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = function.body[1:] if documented else function.body
    return 1 + (body[-1].end_lineno or 0) - body[0].lineno if body else 0


@pytest.mark.parametrize("path", modules(*PACKAGES, "tests", "benchmarks"), ids=named)
def test_file_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


def test_function_bodies_are_short() -> None:
    sizes = {
        f"{named(path)}:{function.name}": body_lines(function)
        for path in modules(*PACKAGES)
        for function in functions(path)
    }
    longest = sorted(sizes, key=lambda name: -sizes[name])

    assert sizes[longest[0]] <= MAX_BODY_LINES, longest[:3]
    typical = sum(size <= TYPICAL_BODY_LINES for size in sizes.values())
    assert typical >= TYPICAL_SHARE * len(sizes), longest[:10]


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=named)
def test_file_name_is_a_noun_of_the_domain(path: Path) -> None:
    assert path.stem not in BANNED_FILE_NAMES


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=named)
def test_imports_stand_at_the_top(path: Path) -> None:
    inner = [
        node.lineno
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inner == []


@pytest.mark.parametrize("path", [ROOT / "searcher/model.py", *modules("graphs")], ids=named)
def test_every_field_of_a_record_is_documented(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert undocumented(node) == [], node.name


def undocumented(record: ast.ClassDef) -> list[str]:
    if not any("dataclass" in ast.unparse(decorator) for decorator in record.decorator_list):
        return []
    return [
        ast.unparse(statement.target)
        for statement, following in zip(record.body, [*record.body[1:], None], strict=True)
        if isinstance(statement, ast.AnnAssign)
        and not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant))
    ]


@pytest.mark.parametrize("path", modules("graphs", "searcher"), ids=named)
def test_dataclasses_are_frozen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for decorator in map(ast.unparse, node.decorator_list):
                assert "dataclass" not in decorator or "frozen=True" in decorator, node.name


def test_suppressions_stay_within_budget() -> None:
    lines = [line for path in modules(*PACKAGES) for line in path.read_text().splitlines()]
    suppressed = [line for line in lines if "# noqa" in line or "# type: ignore" in line]

    assert len(suppressed) <= 1 + len(lines) // SUPPRESSIONS_PER_LINES, suppressed


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.lock")), ids=named)
def test_lock_file_is_hashed_and_names_no_registry(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "--hash=sha256:" in text
    assert "://" not in text


@pytest.mark.parametrize("folder", ["contracts", "tests/interop/js"])
def test_npm_lock_names_no_registry(folder: str) -> None:
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")

    assert '"resolved"' not in lock


def test_no_private_file_is_tracked() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert [
        name for name in tracked if name == "uv.lock" or name.endswith((".env", ".sqlite"))
    ] == []
