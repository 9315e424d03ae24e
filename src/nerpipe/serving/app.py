"""The HTTP interface: a FastAPI app that answers requests with a predictor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from nerpipe.contracts.escapes import json_in_html
from nerpipe.evaluation.page_template import fill_page
from nerpipe.prediction.backend_choice import BackendChoice
from nerpipe.prediction.finder import Finder
from nerpipe.serving.card_facts import read_card
from nerpipe.serving.messages import Answer, Health, Model, Query
from nerpipe.serving.metrics import CountRequests, Metrics
from nerpipe.serving.predict_route import REFUSALS, PredictRoute

CARD = "README.md"


def make_app(predictor: Finder, folder: Path, *, choice: BackendChoice, timeout: float) -> FastAPI:
    """Build the app for one loaded model. Its `state.queue` is the queue of the requests.

    Args:
        predictor: Finder that answers the requests.
        folder: Exported folder, whose model card is shown.
        choice: What runs the model, which is shown.
        timeout: Seconds within which a request is answered or refused.
    """
    metrics = Metrics()
    route = PredictRoute(predictor, metrics, timeout=timeout)
    # People may edit the card, and no part of it decides how the model is run.
    card = (folder / CARD).read_text(encoding="utf-8", errors="replace") if (folder / CARD).is_file() else ""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        route.queue.start()
        yield
        await route.queue.stop()

    # FastAPI's /docs page loads its scripts from a CDN. This class serves the scripts itself.
    app: FastAPI = FastAPIOffline(
        title="nerpipe", description="Finds the entities of texts.", lifespan=lifespan, redoc_url=None
    )
    app.state.queue = route.queue

    @app.exception_handler(Exception)
    async def hide(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"detail": "the server failed; its log has the reason"}, status_code=500)

    body = {"required": True, "content": {"application/json": {"schema": Query.model_json_schema()}}}

    @app.post("/predict", response_model=Answer, responses=REFUSALS, openapi_extra={"requestBody": body})
    async def predict(request: Request) -> Response:
        """Find the entities of one text, or of each text of a list."""
        return await route.answer(request)

    @app.get("/health", response_model=Health)
    async def health() -> Health:
        """State that the server answers requests."""
        return Health(status="ok")

    @app.get("/model", response_model=Model)
    async def model() -> Model:
        """Show the labels, the entity types, the least confidences and the model card."""
        return Model(
            labels=predictor.decoding.labels,
            types=predictor.decoding.types,
            min_confidence=predictor.min_confidence,
            backend=choice.backend,
            precision=choice.precision,
            card=card,
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        """Show the counters in the text format of Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    facts = asdict(read_card(card))
    facts |= choice._asdict() | {
        "types": predictor.decoding.types,
        "name": facts["name"] or folder.name or folder.resolve().name,
    }
    page, policy = fill_page(
        "nerpipe.serving", "page", admitted=("connect-src 'self'", "img-src data:"), DATA=json_in_html(facts)
    )

    @app.get("/", include_in_schema=False)
    async def show_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    known = {path for path in (getattr(each, "path", None) for each in app.routes) if path}
    app.add_middleware(CountRequests, metrics=metrics, routes=known)
    return app
