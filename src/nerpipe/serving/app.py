"""The HTTP interface: a FastAPI app that answers requests with a predictor."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from nerpipe.evaluation.page_template import fill_page
from nerpipe.prediction.predictor import Finder
from nerpipe.serving.body_limit import MOST_BYTES, BodyLimit
from nerpipe.serving.messages import Answer, FoundEntity, Health, Model, Problem, Query, Result
from nerpipe.serving.request_queue import RequestQueue

CARD = "README.md"


class Metrics:
    """The metrics that Prometheus reads. Each app has its own registry, so two apps in one process count separately."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nerpipe_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "nerpipe_request_seconds", "Seconds from a request to its answer.", ["route"], registry=self.registry
        )
        self.texts = Counter("nerpipe_texts", "Number of predicted texts.", registry=self.registry)
        self.batch = Histogram(
            "nerpipe_batch_texts",
            "Number of texts in a batch.",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64),
        )


def make_app(predictor: Finder, folder: Path) -> FastAPI:
    """Build the app for one loaded model.

    Args:
        predictor: Finder that answers the requests.
        folder: Exported folder, whose model card is shown.
    """
    metrics = Metrics()
    batcher = RequestQueue(predictor, metrics.batch.observe)
    labels = predictor.decoding.labels
    card = (folder / CARD).read_text(encoding="utf-8") if (folder / CARD).exists() else ""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        yield
        await batcher.stop()

    # FastAPI's /docs page loads its scripts from a CDN. This class serves the scripts itself.
    app: FastAPI = FastAPIOffline(
        title="nerpipe", description="Finds the entities of texts.", lifespan=lifespan, redoc_url=None
    )

    @app.middleware("http")
    async def measure(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.perf_counter()
        response = await proceed(request)
        # The raw path is never a label, because clients can invent any number of paths.
        route = getattr(request.scope.get("route"), "path", "other")
        metrics.requests.labels(route, response.status_code).inc()
        metrics.seconds.labels(route).observe(time.perf_counter() - began)
        return response

    @app.exception_handler(RequestValidationError)
    async def refuse(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": "; ".join(map(_in_words, error.errors()))}, status_code=422)

    problems: dict[int | str, dict[str, Any]] = {
        400: {"model": Problem, "description": "The body is not UTF-8, or is nested too deeply"},
        413: {"model": Problem, "description": f"The body is longer than {MOST_BYTES:,} bytes"},
        422: {
            "model": Problem,
            "description": "The body is not JSON, or holds no text or list of texts within the limits",
        },
    }

    @app.post("/predict", response_model=Answer, responses=problems)
    async def predict(query: Query) -> Answer:
        """Find the entities of one text, or of each text of a list."""
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
        """State that the server answers requests."""
        return Health(status="ok")

    @app.get("/model", response_model=Model)
    async def model() -> Model:
        """Show the labels, the entity types and the model card."""
        types = sorted({label[2:] for label in labels} - {""})
        return Model(labels=labels, types=types, card=card)

    @app.get("/metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        """Show the counters in the text format of Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    page, policy = fill_page("nerpipe.serving", "page", admitted=("connect-src 'self'", "img-src data:"))

    @app.get("/", include_in_schema=False)
    async def show_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    app.add_middleware(BodyLimit)
    return app


def _in_words(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"the body is not valid JSON: {error['ctx']['error']} at character {error['loc'][-1]}"
    place = ".".join(str(part) for part in error["loc"][1:] if part != "str" and "[" not in str(part))
    half = "the text holds half of a surrogate pair, which is not a character"
    said = half if error["type"] == "string_unicode" else error["msg"]
    return f"{place or 'body'}: {said}"
