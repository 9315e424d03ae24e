"""The metrics that Prometheus reads, and the part of the app that counts requests."""

import time
from collections.abc import Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

CLIENT_LEFT = 499  # Status of a request whose client left before the answer. No client receives it.


class Metrics:
    """The metrics. Each app has its own registry, so two apps in one process count separately."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "nerpipe_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "nerpipe_request_seconds", "Seconds from a request to its answer.", ["route"], registry=self.registry
        )
        self.texts = Counter("nerpipe_texts", "Number of predicted texts.", registry=self.registry)
        self.failed = Counter(
            "nerpipe_failed_texts", "Number of texts on which prediction failed.", registry=self.registry
        )
        self.batch = Histogram(
            "nerpipe_batch_texts",
            "Number of texts in a batch.",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16, 32, 64),
        )
        self.waiting = Gauge(
            "nerpipe_waiting_requests", "Number of requests that wait for their answers.", registry=self.registry
        )


class CountRequests:
    """Counts each request with its status, those that are refused too."""

    def __init__(self, app: Any, *, metrics: Metrics, routes: Collection[str]) -> None:  # noqa: ANN401 - ASGI
        """Wrap an app.

        Args:
            app: The app.
            metrics: Metrics that count.
            routes: Paths that are counted by name. Clients can invent any number of other paths.
        """
        self._app, self._metrics, self._routes = app, metrics, routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Pass the request on, and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Any) -> None:  # noqa: ANN401 - ASGI
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = scope["path"] if scope["path"] in self._routes else "other"
            self._metrics.requests.labels(route, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
