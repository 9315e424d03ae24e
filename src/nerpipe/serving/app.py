"""The HTTP interface: FastAPI round a predictor."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field

from nerpipe.prediction.predictor import Finder
from nerpipe.serving.request_queue import Batcher

MOST_BYTES = 1 << 23  # of a request's body: as many texts of that length as are allowed fit in
MOST_DRAINED = 1 << 26
MOST_TEXTS = 128  # of a request
LONGEST_TEXT = 10_000  # characters
CARD = "README.md"


Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Query(BaseModel):
    """One text, or a list of texts."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)] = Field(
        examples=["Greetings from the Empire State Building"]
    )


class FoundEntity(BaseModel):
    """`text[start:end]`, counted in characters (Unicode code points)."""

    type: str
    text: str
    start: int
    end: int
    confidence: float = Field(description="the probability of the tag of its least sure word", ge=0, le=1)


class Result(BaseModel):
    """A text and its entities, left to right."""

    text: str
    entities: list[FoundEntity]


class Answer(BaseModel):
    """A result for each text, in the order of the texts."""

    results: list[Result]


class Problem(BaseModel):
    """What was wrong with a request."""

    detail: str


class Health(BaseModel):
    """Whether requests are answered."""

    status: str


class Model(BaseModel):
    """What the model is."""

    labels: list[str]
    types: list[str]
    card: str = Field(description="the model card, Markdown")


class Metrics:
    """What Prometheus reads; in a registry of its own, so that two apps in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nerpipe_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram("nerpipe_request_seconds", "Seconds to answer.", ["route"], registry=self.registry)
        self.texts = Counter("nerpipe_texts", "Texts predicted.", registry=self.registry)
        self.batch = Histogram(
            "nerpipe_batch_texts", "Texts predicted together.", registry=self.registry, buckets=(1, 2, 4, 8, 16, 32, 64)
        )


def make_app(predictor: Finder, folder: Path) -> FastAPI:
    """Build the app for one loaded model.

    Args:
        predictor: answers.
        folder: the exported folder, whose card is shown.
    """
    metrics = Metrics()
    batcher = Batcher(predictor, metrics.batch.observe)
    labels = predictor.decoding.labels
    card = (folder / CARD).read_text(encoding="utf-8") if (folder / CARD).exists() else ""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        yield
        await batcher.stop()

    # FastAPI's own /docs loads its scripts from a CDN; this one brings them
    app: FastAPI = FastAPIOffline(
        title="nerpipe", description="Finds the entities of texts.", lifespan=lifespan, redoc_url=None
    )

    @app.middleware("http")
    async def measure(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.perf_counter()
        response = await proceed(request)
        route = getattr(request.scope.get("route"), "path", "other")  # never the raw path: anyone may ask for anything
        metrics.requests.labels(route, response.status_code).inc()
        metrics.seconds.labels(route).observe(time.perf_counter() - began)
        return response

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_in_words, error.errors()))}, status_code=422)

    problems: dict[int | str, dict[str, Any]] = {
        400: {"model": Problem, "description": "A body that is no UTF-8, or nested too deeply"},
        413: {"model": Problem, "description": f"A body of more than {MOST_BYTES:,} bytes"},
        422: {"model": Problem, "description": "No JSON, or no text or list of texts within the limits"},
    }

    @app.post("/predict", response_model=Answer, responses=problems)
    async def predict(query: Query) -> Answer:
        """Find the entities of one text, or of each of a list."""
        texts = [query.text] if isinstance(query.text, str) else query.text
        found = await batcher.predict(texts)
        metrics.texts.inc(len(texts))
        return Answer(
            results=[
                Result(text=text, entities=[FoundEntity(**entity._asdict()) for entity in entities])
                for text, entities in zip(texts, found, strict=True)
            ]
        )

    @app.get("/health", response_model=Health)
    async def health() -> Health:
        """Say that requests are answered."""
        return Health(status="ok")

    @app.get("/model", response_model=Model)
    async def model() -> Model:
        """Show labels, entity types and the model card."""
        types = sorted({label[2:] for label in labels} - {""})
        return Model(labels=labels, types=types, card=card)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        """Show counters in the Prometheus text format."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    page = _page()

    @app.get("/", include_in_schema=False)
    async def show_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    app.add_middleware(BodyLimit)
    return app


POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"


def _page() -> str:
    html, style, script = (
        (resources.files("nerpipe.serving") / f"page.{kind}").read_text(encoding="utf-8")
        for kind in ("html", "css", "js")
    )
    return html.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)


def _in_words(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"no valid JSON: {error['ctx']['error']} at character {error['loc'][-1]}"
    place = ".".join(str(part) for part in error["loc"][1:] if part != "str" and "[" not in str(part))
    said = "half of a surrogate pair, which is no character" if error["type"] == "string_unicode" else error["msg"]
    return f"{place or 'body'}: {said}"


class BodyLimit:
    """Refuses a body that is too long, whether or not it says its length, and never holds more of it than allowed.

    What is too much is read and thrown away, up to a limit: a client that still sends when the connection is closed
    would not see the answer.
    """

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - ASGI
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Pass the request on, body and all, if it is short enough."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        chunks, size, more = [], 0, True
        while more and size <= MOST_DRAINED:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            if size <= MOST_BYTES:
                chunks.append(message.get("body", b""))
        if size > MOST_BYTES:
            await _too_long()(scope, receive, send)
            return
        whole = [{"type": "http.request", "body": b"".join(chunks), "more_body": False}]

        async def again() -> Any:  # noqa: ANN401 - ASGI
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)


def _too_long() -> JSONResponse:
    problem = {"detail": f"the body is longer than {MOST_BYTES:,} bytes; send fewer texts at a time"}
    return JSONResponse(problem, status_code=413, headers={"Connection": "close"})
