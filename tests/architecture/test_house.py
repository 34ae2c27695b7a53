"""The house rules that a program can check; import-linter holds the floors themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sorby

ROOT = Path(sorby.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TESTS = Path(__file__).parents[1]
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "torch", "sklearn", "skimage", "PIL", "rich"} | {
    "fastapi",
    "uvicorn",
}


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_can_be_held_in_mind(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def commands():
    """Functions behind the commands; ``sorby app`` starts the other face instead of a step."""
    return [f for f in functions(ROOT / "cli" / "commands.py") if f.name != "app"]


@pytest.mark.parametrize("function", commands(), ids=lambda f: f.name)
def test_face_only_translates(function):
    assert function.end_lineno - function.lineno + 1 <= 25
    calls = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "workflow"
    ]
    assert 1 <= len(calls) <= 2


def routes():
    """Functions behind the routes of the page, known by their decorator."""
    for path in sorted((ROOT / "web").glob("*.py")):
        for function in functions(path):
            calls = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
            if any(isinstance(c, ast.Attribute) and c.value.id == "router" for c in calls):
                yield function


def test_routes_are_found():
    assert len(list(routes())) >= 25


@pytest.mark.parametrize("function", list(routes()), ids=lambda f: f.name)
def test_route_only_translates(function):
    body = function.body[1:]  # after the docstring
    assert isinstance(function.body[0].value, ast.Constant)
    assert body[-1].end_lineno - body[0].lineno + 1 <= 8
    assert function.returns is not None
    assert not any(isinstance(n, ast.For | ast.While | ast.Try) for n in ast.walk(function))


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from sorby.cli.parser import build_parser; build_parser().format_help();"
        f"print(sorted({HEAVY} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_no_pickle_and_no_network_in_the_package():
    forbidden = {"pickle", "joblib", "dill", "socket", "urllib", "requests", "http", "httpx"}
    listens = {  # the page's server listens on this machine and reads cookies and query strings
        ("serving.py", "socket"),
        ("security.py", "http.cookies"),
        ("security.py", "urllib.parse"),
    }
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if path.parent == ROOT / "web":
                names = [name for name in names if (path.name, name) not in listens]
            assert not {name.split(".")[0] for name in names} & forbidden, path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert node.value.value is False, path


def registries():
    """(variable, file) of every registry, found in the source."""
    for path in sorted(ROOT.glob("*/__init__.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            value = getattr(node, "value", None)
            if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Registry":
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                yield target.id


@pytest.mark.parametrize("name", list(registries()))
def test_every_registry_has_an_exam(name):
    assert (TESTS / "contracts" / f"test_{name.lower()}.py").is_file()
