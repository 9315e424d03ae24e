"""The HTTP interface: answers, refusals in words, and metrics."""

import json
import re

import pytest

pytest.importorskip("fastapi", reason="serving is an extra: pip install -r requirements/serve.txt")

from fastapi.testclient import TestClient

from capitals import capitals_predictor
from nerpipe.prediction.backend_choice import BackendChoice
from nerpipe.serving.app import make_app
from nerpipe.serving.messages import LONGEST_TEXT, MOST_TEXTS_IN_REQUEST
from nerpipe.serving.request_body import MOST_BYTES
from nerpipe.serving.request_queue import MOST_WAITING

CHOICE = BackendChoice("onnx", "int8")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "README.md").write_text("# The card")
    with TestClient(make_app(capitals_predictor(), folder, choice=CHOICE, timeout=60)) as client:
        yield client


def test_one_text_and_a_list_are_answered_alike(client):
    one = client.post("/predict", json={"text": "so Ann"}).json()
    assert one["results"][0]["entities"][0] | {"confidence": 1} == {
        "type": "person",
        "text": "Ann",
        "start": 3,
        "end": 6,
        "confidence": 1,
    }
    many = client.post("/predict", json={"text": ["so Ann", "", "👩‍👩‍👧 Bob"]}).json()
    assert many["results"][0] == one["results"][0]
    assert many["results"][1] == {"text": "", "entities": []}
    assert many["results"][2]["entities"][0]["start"] == 6


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"{", 422, "not valid JSON"),
        (b"", 422, "not valid JSON"),
        (b"[]", 422, "body: an object was expected"),
        (b"{}", 422, "the field 'text' is missing"),
        (b'{"text": 3}', 422, "text: one text or a list of texts was expected"),
        (b'{"text": []}', 422, "a list has 1 to 128 texts, not 0"),
        (b'{"text": "a", "lang": "en"}', 422, "the field 'lang' is unknown"),
        (b'{"text": "\\ud83d"}', 422, "half of a surrogate pair"),
        (b'{"text": "\xff"}', 400, "not UTF-8"),
        (b'{"text": ["' + b'a","' * 128 + b'a"]}', 422, "a list has 1 to 128 texts, not 129"),
        (b'{"text": "' + b"a" * 10_001 + b'"}', 422, "at most 10,000 characters, not 10,001"),
        (b'{"text": "' + b"a" * (1 << 24) + b'"}', 413, "longer than 16,777,216 bytes"),
        (b"[" * 500_000, 422, "more than one list of up to 128 texts"),
        (b"[" * 50_000, 400, "nested too deeply"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(client, content, status, said):
    response = client.post("/predict", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert said in response.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "the request has no Content-Type header; send `Content-Type: application/json`"),
        ({"Content-Type": "text/plain"}, "the Content-Type is not JSON; send `Content-Type: application/json`"),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            "the Content-Type is not JSON; send `Content-Type: application/json`",
        ),
    ],
)
def test_a_body_that_is_not_called_json_is_refused(client, headers, said):
    response = client.post("/predict", content=b'{"text": "Ann"}', headers=headers)
    assert (response.status_code, response.json()) == (415, {"detail": said})


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"])
def test_json_has_several_names(client, kind):
    assert client.post("/predict", content=b'{"text": "Ann"}', headers={"Content-Type": kind}).status_code == 200


def test_a_body_without_a_length_is_measured_too_and_counted(client):
    def body():
        for _ in range(5):
            yield b"x" * (1 << 22)

    def count():
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.split()[1]) for line in lines if 'total{route="/predict",status="413"}' in line)

    before = count()
    response = client.post("/predict", content=body(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert count() == before + 1


def test_a_text_that_fails_does_not_fail_its_neighbours(tmp_path):
    def before(input_ids):
        if bad in input_ids:
            raise RuntimeError("the secret of the house")

    finder = capitals_predictor(before=before)
    bad = finder._tokenizer.token_to_id("?")
    with TestClient(make_app(finder, tmp_path, choice=CHOICE, timeout=60)) as client:
        answer = client.post("/predict", json={"text": ["Ann", "why?", "Bob"]})
        assert answer.status_code == 200
        one, two, three = answer.json()["results"]
        assert [one["entities"][0]["text"], three["entities"][0]["text"]] == ["Ann", "Bob"]
        assert two == {
            "text": "why?",
            "entities": [],
            "error": "prediction failed on this text; the log of the server has the reason",
        }
        assert "error" not in one
        alone = client.post("/predict", json={"text": "why?"})
        assert alone.status_code == 500
        assert alone.json() == {"detail": two["error"]}
        metrics = client.get("/metrics").text
        assert "nerpipe_failed_texts_total 2.0" in metrics
        assert "nerpipe_texts_total 2.0" in metrics


def test_a_bug_names_no_internals(tmp_path):
    finder = capitals_predictor()
    app = make_app(finder, tmp_path, choice=CHOICE, timeout=60)
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.queue.predict = None
        answer = client.post("/predict", json={"text": "Ann"})
        assert (answer.status_code, answer.json()) == (500, {"detail": "the server failed; its log has the reason"})
        assert 'status="500"' in client.get("/metrics").text


def test_the_model_and_its_health_are_shown(client):
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/model").json() == {
        "labels": ["O", "B-person", "I-person"],
        "types": ["person"],
        "min_confidence": {},
        "backend": "onnx",
        "precision": "int8",
        "card": "# The card",
    }


def test_metrics_count_routes_and_not_raw_paths(client):
    client.get("/nowhere/at/all")
    client.post("/predict", json={"text": "Ann"})
    text = client.get("/metrics").text
    assert 'nerpipe_requests_total{route="/predict",status="200"}' in text
    assert 'route="other",status="404"' in text
    assert "/nowhere" not in text
    assert "nerpipe_texts_total" in text


def test_pages_load_nothing_from_elsewhere(client):
    for path in ("/", "/docs"):
        page = client.get(path)
        assert page.status_code == 200
        assert "https://" not in page.text
        assert 'src="http' not in page.text
    assert "default-src 'none'" in client.get("/").headers["Content-Security-Policy"]


def test_the_data_of_the_page_cannot_end_its_block(tmp_path):
    hostile = "</script><script>alert(1)</script>"
    (tmp_path / "README.md").write_text(f"---\nwidget:\n- text: {hostile}\nmodel-index:\n- name: {hostile}\n---\n")
    with TestClient(make_app(capitals_predictor(), tmp_path, choice=CHOICE, timeout=60)) as client:
        page = client.get("/").text
    assert page.count("<script") == 2  # the data and the program
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1]
    data = json.loads(block)
    assert (data["name"], data["examples"]) == (hostile, [hostile])


def test_a_card_that_is_no_text_stops_no_server(tmp_path):
    (tmp_path / "README.md").write_bytes(b"---\nmodel-index:\n- name: caf\xe9\n---\n")
    with TestClient(make_app(capitals_predictor(), tmp_path, choice=CHOICE, timeout=60)) as client:
        assert client.get("/model").json()["card"].endswith("caf\ufffd\n---\n")


def test_a_model_without_a_name_is_called_as_its_folder(client):
    data = json.loads(re.search(r'id="data">(.*?)</script>', client.get("/").text)[1])
    assert data["name"].startswith("model")
    assert "/" not in data["name"]
    assert (data["types"], data["backend"], data["precision"]) == (["person"], "onnx", "int8")


def test_limits_are_what_the_documentation_says():
    limits = (MOST_BYTES, MOST_TEXTS_IN_REQUEST, LONGEST_TEXT, MOST_WAITING)
    assert limits == (1 << 24, 128, 10_000, 128)
