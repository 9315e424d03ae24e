"""The HTTP interface: answers, refusals in words, metrics, and requests that share a batch."""

import asyncio
import threading

import pytest

pytest.importorskip("fastapi")

from fastapi.testclient import TestClient

from capitals import capitals_predictor
from nerpipe.serving.app import make_app
from nerpipe.serving.body_limit import MOST_BYTES
from nerpipe.serving.messages import LONGEST_TEXT, MOST_TEXTS_IN_REQUEST
from nerpipe.serving.request_queue import RequestQueue


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "README.md").write_text("# The card")
    with TestClient(make_app(capitals_predictor(), folder)) as client:
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
        (b"", 422, "body: "),
        (b"[]", 422, "body: "),
        (b"{}", 422, "text: Field required"),
        (b'{"text": 3}', 422, "text: "),
        (b'{"text": []}', 422, "at least 1 item"),
        (b'{"text": "a", "lang": "en"}', 422, "lang: Extra inputs are not permitted"),
        (b'{"text": "\\ud83d"}', 422, "half of a surrogate pair"),
        (b'{"text": "\xff"}', 400, "error parsing the body"),
        (b'{"text": ["' + b'a","' * 128 + b'a"]}', 422, "at most 128 items"),
        (b'{"text": "' + b"a" * 10_001 + b'"}', 422, "at most 10000 characters"),
        (b'{"text": "' + b"a" * (1 << 23) + b'"}', 413, "longer than 8,388,608 bytes"),
        (b"[" * 500_000, 400, "error parsing the body"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(client, content, status, said):
    response = client.post("/predict", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    assert said in response.json()["detail"]


def test_a_body_without_a_length_is_measured_too(client):
    def body():
        for _ in range(3):
            yield b"x" * (1 << 22)

    response = client.post("/predict", content=body(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_the_model_and_its_health_are_shown(client):
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/model").json() == {
        "labels": ["O", "B-person", "I-person"],
        "types": ["person"],
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


def test_requests_that_wait_are_predicted_together():
    sizes, hold = [], threading.Event()

    def predict(texts):
        hold.wait(10)
        return [[text] for text in texts]

    async def main():
        batcher = RequestQueue(predict, sizes.append)
        batcher.start()
        first = asyncio.create_task(batcher.predict(["0", "0b"]))
        await asyncio.sleep(0.05)
        tasks = [first, *(asyncio.create_task(batcher.predict([f"{n}", f"{n}b"])) for n in range(1, 40))]
        await asyncio.sleep(0.05)
        tasks[3].cancel()  # a client that went away
        hold.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        await batcher.stop()
        return answers

    answers = asyncio.run(main())
    assert isinstance(answers[3], asyncio.CancelledError)
    assert all(answer == [[f"{n}"], [f"{n}b"]] for n, answer in enumerate(answers) if n != 3)
    assert sizes == [2, 64, 14]


def test_an_error_reaches_its_requests_and_the_next_ones_are_answered():
    def predict(texts):
        if "bad" in texts:
            raise RuntimeError("broken")
        return [[] for _ in texts]

    async def main():
        batcher = RequestQueue(predict, lambda _: None)
        batcher.start()
        with pytest.raises(RuntimeError, match="broken"):
            await batcher.predict(["bad"])
        answer = await batcher.predict(["good"])
        await batcher.stop()
        return answer

    assert asyncio.run(main()) == [[]]


def test_limits_are_what_the_documentation_says():
    assert (MOST_BYTES, MOST_TEXTS_IN_REQUEST, LONGEST_TEXT) == (1 << 23, 128, 10_000)
