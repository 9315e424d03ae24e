"""Measures the server under load: clients never pause, texts differ in length, one of ten requests is malformed.

    python benchmarks/serve_load.py [--model models/exported] [--clients 32] [--seconds 60]

Every answer is compared with that of a predictor in this process. Every malformed request must get its 4xx status.
Memory is the resident set of the server, measured from 10 seconds after the start. The clients use the same cores as
the server. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR).
"""

import argparse
import contextlib
import http.client
import json
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from nerpipe.batch.writers import entity_fields
from nerpipe.prediction.predictor import Predictor
from predict_speed import sentences
from report import ROOT, bar, write_result

WARM = 10.0  # Seconds after which the memory must not grow.
# Largest difference of confidences that count as the same. The other texts of a batch change their last bits.
LEAST_SAME = 1e-3
MALFORMED = (
    (b"{", 422),
    (b'{"text": 3}', 422),
    (b'{"text": []}', 422),
    (b'{"text": "\\ud83d"}', 422),
    (b'{"text": "' + b"a" * 30_000 + b'"}', 422),
    (b"[" * (1 << 23) + b"[", 413),
)


class Client(threading.Thread):
    """A client that sends requests until it is told to stop, and counts the answers."""

    def __init__(self, port: int, seed: int, texts: list[str], expected: dict[str, Any], stop: threading.Event) -> None:
        super().__init__()
        self.port, self.texts, self.expected, self.stopped = port, texts, expected, stop
        self.random = random.Random(seed)  # noqa: S311 - this is not a secret
        self.seconds: list[float] = []
        self.answered = self.refused = self.wrong = self.lost = 0

    def run(self) -> None:
        """Send requests on one connection, which is kept for as long as the server keeps it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stopped.is_set():
            if self.random.random() < 0.1:
                body, wanted = self.random.choice(MALFORMED)
                texts: list[str] = []
            else:
                texts = self.random.sample(self.texts, self.random.choice((1, 1, 1, 2, 5)))
                body, wanted = json.dumps({"text": texts if len(texts) > 1 else texts[0]}).encode(), 200
            began = time.perf_counter()
            try:
                connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException):
                self.lost += 1
                connection.close()
                continue
            self.seconds.append(time.perf_counter() - began)
            right = response.status == wanted and (wanted != 200 or self.same(texts, json.loads(content)))
            self.wrong += not right
            self.answered += right and wanted == 200
            self.refused += right and wanted != 200

    def same(self, texts: list[str], answer: dict[str, Any]) -> bool:
        """Compare an answer with that of the predictor. Confidences may differ by LEAST_SAME."""
        for text, result in zip(texts, answer["results"], strict=True):
            wanted = self.expected[text]
            if result["text"] != text or len(result["entities"]) != len(wanted):
                return False
            for found, known in zip(result["entities"], wanted, strict=True):
                if abs(found.pop("confidence") - known["confidence"]) > LEAST_SAME:
                    return False
                if found != {key: value for key, value in known.items() if key != "confidence"}:
                    return False
        return True


def main() -> None:
    """Put load on the server, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument("--clients", type=int, default=32, help="number of clients (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="length of the load in seconds (default: %(default)s)"
    )
    flags = parser.parse_args()
    lines = sentences(600)
    texts = [*lines[:500], *(" ".join(lines[n : n + 40]) for n in range(500, 560, 4)), "", "👩‍👩‍👧 " * 50]
    expected = {}
    predictor = Predictor(flags.model)
    for text, entities in zip(texts, predictor(texts), strict=True):
        expected[text] = [entity_fields(entity) for entity in entities]
    port = free_port()
    command = [str(Path(sys.executable).parent / "nerpipe"), "serve", str(flags.model), "--port", str(port)]
    server = subprocess.Popen(command)
    wait_for(port)
    stop = threading.Event()
    clients = [Client(port, seed, texts, expected, stop) for seed in range(flags.clients)]
    memory: list[tuple[float, float]] = []
    process = psutil.Process(server.pid)
    for client in clients:
        client.start()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < flags.seconds:
        memory.append((passed, process.memory_info().rss / 1e6))
        time.sleep(0.5)
    stop.set()
    for client in clients:
        client.join()  # It ends with the answer to its last request.
    passed = time.perf_counter() - began
    server.send_signal(signal.SIGTERM)
    code = server.wait(60)
    seconds = [second for client in clients for second in client.seconds]
    answered, refused, wrong, lost = (
        sum(getattr(client, name) for client in clients) for name in ("answered", "refused", "wrong", "lost")
    )
    settled = [value for passed, value in memory if passed >= WARM]
    points = statistics.quantiles(seconds, n=100)
    figures = {
        "requests_per_second": len(seconds) / passed,
        "answered": answered,
        "refused": refused,
        "p50_ms": 1000 * points[49],
        "p95_ms": 1000 * points[94],
        "p99_ms": 1000 * points[98],
        "memory_mb_after_10_s": settled[0],
        "memory_mb_at_the_end": settled[-1],
    }
    bars = {
        "wrong": bar(wrong, below=1),
        "lost": bar(lost, below=1),
        "memory_growth_mb": bar(max(settled) - settled[0], below=20),
        "exit_code": bar(code, below=1),
    }
    for name, value in (figures | bars).items():
        print(name, value)
    write_result(
        "serve_load",
        {"clients": flags.clients, "seconds": flags.seconds, "figures": figures, "bars": bars},
        "onnxruntime",
        "fastapi",
        "uvicorn",
    )


def free_port() -> int:
    """Find a port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(300):
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    sys.exit("the server did not start")


if __name__ == "__main__":
    main()
