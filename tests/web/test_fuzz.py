"""Requests made up from the API's own description: never a 500, and answers as described."""

import string
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sorby.web.app import create_app

SKIPPED = {"/api/events"}
"""Endless: `test_security` asks for it, and ends it."""

KEYS = ["points", "value", "radius_px", "box", "defects", "defect", "line", "ghost", "point",
        "tolerance", "max_area_px", "max_confidence", "x"]  # fmt: skip
NASTY = st.sampled_from(
    ["", "\0", "..", "p0", "a/p4", "🙈", "<script>", "' OR 1=1 --", "NaN", "null", "9" * 400, "p1"]
)
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(-2, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
USUAL = st.sampled_from([0, 1, 0.5, 200, 800])
JSON = st.recursive(
    st.one_of(st.none(), NUMBERS, NASTY, st.text(string.printable, max_size=12)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=8,
)
GESTURES = ["brush", "lasso", "wand", "click", "delete", "delete_box", "delete_where", "fill_holes",
            "split", "merge", "class", "accept", "reject", "ignore", "restore", "accept_rest",
            "done", "reopen", "look", "undo", "redo", "resolve", "none"]  # fmt: skip
POINTS = st.lists(st.tuples(st.integers(-5, 120), st.integers(-5, 120)), max_size=4)
GESTURE = st.fixed_dictionaries(
    {},
    optional={
        "points": POINTS,
        "line": POINTS,
        "point": st.tuples(st.integers(0, 95), st.integers(0, 111)),
        "value": st.sampled_from([0, 1, 2, 255, -1]),
        "radius_px": st.sampled_from([0, 0.25, 3, 1e9, -1]),
        "box": st.tuples(*[st.integers(-10, 130)] * 4),
        "defects": st.lists(st.integers(0, 12), max_size=3),
        "defect": st.integers(0, 12),
        "ghost": st.integers(0, 12),
        "tolerance": st.floats(0, 1),
        "max_area_px": st.integers(0, 100),
        "max_confidence": st.floats(0, 1),
    },
)


def filled(schema, components):
    """Values that a schema describes, and some that it does not."""
    if "$ref" in schema:
        return filled(components[schema["$ref"].rsplit("/", 1)[1]], components)
    if "anyOf" in schema:
        return st.one_of([filled(one, components) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), NASTY)
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        parts = {k: filled(v, components) for k, v in schema["properties"].items()}
        if "gesture" in parts:
            parts["gesture"] = st.one_of(GESTURE, st.dictionaries(st.sampled_from(KEYS), JSON))
            parts["kind"] = st.sampled_from(GESTURES)
            parts["uuid"] = st.uuids().map(str)
            parts["base"] = st.sampled_from([0, 1, 2])
        elif "kind" in parts:
            parts["kind"] = st.sampled_from(
                ["select", "evaluate", "compare", "nothing", "os.system"]
            )
        needed = {k: v for k, v in parts.items() if k in schema.get("required", [])}
        return st.fixed_dictionaries(
            needed, optional={k: v for k, v in parts.items() if k not in needed}
        )
    if kind == "array":
        return st.lists(filled(schema.get("items", {}), components), max_size=4)
    if kind in ("integer", "number"):
        low, high = schema.get("minimum", -5), schema.get("maximum", 10**6)
        return st.one_of(USUAL, USUAL, st.integers(int(low), int(high)), NUMBERS)
    return st.one_of(JSON, NASTY) if kind != "string" else st.one_of(NASTY, st.text(max_size=20))


@pytest.fixture(scope="module")
def served(study_once, tmp_path_factory, lab):
    import shutil

    folder = tmp_path_factory.mktemp("fuzz") / "study"
    shutil.copytree(study_once, folder)
    application = create_app(folder, secret=lab.SECRET)
    yield application, lab.browser(application, raise_server_exceptions=False)
    application.state.house.close()


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_no_request_ends_in_a_500_and_answers_are_as_described(served, data):
    application, page = served
    description = application.openapi()
    components = description["components"]["schemas"]
    routes = [
        (method, path, about)
        for path, item in description["paths"].items()
        for method, about in item.items()
        if path not in SKIPPED
    ]
    method, path, about = data.draw(st.sampled_from(routes))
    query = {}
    for one in about.get("parameters", []):
        value = data.draw(st.one_of(filled(one["schema"], components), NASTY), label=one["name"])
        if one["in"] == "path":
            usual = ["p0", "p2", "a/p4"] if one["name"] == "name" else ["0", "0", "1"]
            usual = one["schema"].get("enum", usual)
            text = data.draw(st.sampled_from([*usual, str(value)]))
            path = path.replace(f"{{{one['name']}}}", quoted(text))
        elif one["in"] == "query" and data.draw(st.booleans()):
            query[one["name"]] = str(value)
    path = path.replace("{name:path}", "p0")
    options = {}
    if "requestBody" in about:
        content = about["requestBody"]["content"]
        if "multipart/form-data" in content:
            options["files"] = [("wrong", ("a.png", b"x"))]
        else:
            schema = content["application/json"]["schema"]
            is_json = data.draw(st.sampled_from([False, False, False, True]))
            body = JSON if is_json else filled(schema, components)
            options["json"] = data.draw(body, label="body")
    answer = page.request(method.upper(), path, params=query, **options)
    assert answer.status_code < 500, (method, path, query, options, answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error", "code"} and answer.json()["error"]
    else:
        described(application, about, answer)


def quoted(text):
    from urllib.parse import quote

    return quote(text, safe="")[:500]


def described(application, about, answer):
    """An answer is of a kind, and of the shape, that the description names."""
    if answer.status_code == 304 or not answer.content:
        return
    kinds = about["responses"]["200"].get("content", {})
    kind = answer.headers["content-type"].split(";")[0]
    assert kind in kinds or "octet-stream" in kind, (kind, kinds)
    schema = kinds.get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        from sorby.web import drafts, editor, scores, shapes

        name = schema["$ref"].rsplit("/", 1)[1]
        shape = next(vars(m)[name] for m in (shapes, scores, drafts, editor) if name in vars(m))
        TypeAdapter(shape).validate_json(answer.content)


@settings(max_examples=250, deadline=None, derandomize=True, phases=[Phase.generate])
@given(kind=st.sampled_from(GESTURES), gesture=GESTURE, is_known=st.booleans())
def test_no_gesture_ends_in_a_500(served, kind, gesture, is_known):
    _, page = served
    draft = page.get("/api/fields/p2/draft").json()
    gesture = (
        {**gesture, "defects": [d["id"] for d in draft["defects"][:2]]} if is_known else gesture
    )
    body = {
        "uuid": str(uuid4()),
        "kind": kind,
        "seconds": 1,
        "base": draft["base"],
        "gesture": gesture,
    }
    answer = page.post("/api/fields/p2/gestures", json=body)
    assert answer.status_code in (200, 409, 422), (kind, gesture, answer.text)
    if answer.status_code == 200:
        told = page.get("/api/fields/p2/draft").json()
        assert told["n_to_check"] == answer.json()["n_to_check"]
        assert told["version"] == answer.json()["version"]


def test_the_description_names_every_route_and_an_error_for_each(app):
    description = app.openapi()
    for path, item in description["paths"].items():
        for method, about in item.items():
            assert about["summary"] and about["description"], path
            assert "403" in about["responses"] and "401" in about["responses"], (method, path)
            if method != "get":
                assert "requestBody" in about, path
