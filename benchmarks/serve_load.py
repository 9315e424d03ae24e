"""Measures the server under attack: clients never pause, texts differ in length, one of five requests is hostile.

    python benchmarks/serve_load.py [--model models/exported] [--clients 32] [--seconds 60]

First, one client asks 20 one-sentence questions in turn while the hardest request within the limits is predicted. Then
the load begins. A hostile request is malformed, or breaks off in the middle of its body, or is the hardest one and its
client leaves within two seconds. 200 more connections send nothing, or half of a request, and are opened again when the
server closes them. At the end, SIGTERM comes while the hardest request is predicted and these connections are open.

Every honest answer is compared with that of a predictor in this process. Every malformed request must get its 4xx
status. Memory is the resident set of the server, measured from 10 seconds after the start. The clients use the same
cores as the server. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR).
"""

import argparse
import contextlib
import http.client
import json
import random
import select
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
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
HOSTILE = 0.2  # Share of the hostile requests.
HALF_OPEN = 200
JSON = {"Content-Type": "application/json"}
MALFORMED = (
    (b"{", 422),
    (b'{"text": 3}', 422),
    (b'{"text": []}', 422),
    (b'{"text": "\\ud83d"}', 422),
    (b'{"text": "' + b"a" * 30_000 + b'"}', 422),
    (b'{"text": [' + b"[]," * 1_000_000 + b"0]}", 422),
    (b"[" * (1 << 24) + b"[", 413),
)
# As many sub-words as the limits of a request allow.
HARDEST = json.dumps({"text": ["a." * 5000] * 128}).encode()
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Client(threading.Thread):
    """A client that sends requests until it is told to stop, and counts the answers."""

    def __init__(self, port: int, seed: int, texts: list[str], expected: dict[str, Any], stop: threading.Event) -> None:
        super().__init__()
        self.port, self.texts, self.expected, self.stopped = port, texts, expected, stop
        self.random = random.Random(seed)  # noqa: S311 - this is not a secret
        self.seconds: list[float] = []  # Of the honest requests that were answered.
        self.answered = self.refused = self.left = self.busy = self.failed = self.wrong = self.lost = 0

    def run(self) -> None:
        """Send requests on one connection, which is kept for as long as the server keeps it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stopped.is_set():
            if self.random.random() >= HOSTILE:
                self.ask(connection)
            elif self.random.random() < 0.5:
                body, wanted = self.random.choice(MALFORMED)
                self.send(connection, body, wanted)
            else:
                self.leave()

    def ask(self, connection: http.client.HTTPConnection) -> None:
        """Send one to five texts, and compare the answer."""
        texts = self.random.sample(self.texts, self.random.choice((1, 1, 1, 2, 5)))
        self.send(connection, json.dumps({"text": texts if len(texts) > 1 else texts[0]}).encode(), 200, texts)

    def send(self, connection: http.client.HTTPConnection, body: bytes, wanted: int, texts: Sequence[str] = ()) -> None:
        """Send a request, and count its answer."""
        began = time.perf_counter()
        try:
            connection.request("POST", "/predict", body, JSON)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.lost += 1
            connection.close()
            return
        if response.status == 503:
            self.busy += 1
        elif response.status >= 500:
            self.failed += 1
        elif response.status != wanted:
            self.wrong += 1
        elif wanted != 200:
            self.refused += 1
        else:
            self.seconds.append(time.perf_counter() - began)
            right = self.same(texts, json.loads(content))
            self.answered += right
            self.wrong += not right

    def same(self, texts: Sequence[str], answer: dict[str, Any]) -> bool:
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

    def leave(self) -> None:
        """Send the hardest request, or half of it, and leave within two seconds."""
        whole = HEAD % len(HARDEST) + HARDEST
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
            client.sendall(whole[: self.random.choice((len(whole), len(whole) // 2))])
            time.sleep(self.random.uniform(0, 2))
        self.left += 1


class HalfOpen(threading.Thread):
    """Keeps connections open that send nothing, half of a head or half of a body."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__()
        self.port, self.stopped = port, stop
        self.sockets: list[socket.socket] = []
        self.closed_by_server = 0

    def run(self) -> None:
        """Open the connections, and open them again when they are closed."""
        contents = (b"", b"POST /predict HTTP/1.1\r\nHos", HEAD % len(HARDEST) + HARDEST[: 1 << 15])
        while not self.stopped.is_set():
            while len(self.sockets) < HALF_OPEN:
                opened = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                opened.sendall(contents[len(self.sockets) % len(contents)])
                self.sockets.append(opened)
            ended, _, _ = select.select(self.sockets, [], [], 0.5)
            for each in ended:
                each.close()
                self.sockets.remove(each)
            self.closed_by_server += len(ended)

    def close(self) -> None:
        """Close all connections."""
        for each in self.sockets:
            each.close()


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
    beside = seconds_beside_the_hardest(port, lines[:20])
    stop = threading.Event()
    clients = [Client(port, seed, texts, expected, stop) for seed in range(flags.clients)]
    half_open = HalfOpen(port, stop)
    memory: list[tuple[float, float]] = []
    process = psutil.Process(server.pid)
    for thread in (*clients, half_open):
        thread.start()
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < flags.seconds:
        memory.append((passed, process.memory_info().rss / 1e6))
        time.sleep(0.5)
    stop.set()
    for thread in (*clients, half_open):
        thread.join()  # A client ends with the answer to its last request.
    passed = time.perf_counter() - began
    ended, code = seconds_to_end(server, port)
    half_open.close()
    seconds = [second for client in clients for second in client.seconds]
    counts = {
        name: sum(getattr(client, name) for client in clients)
        for name in ("answered", "refused", "left", "busy", "failed", "wrong", "lost")
    }
    settled = [value for passed, value in memory if passed >= WARM]
    points = statistics.quantiles(seconds, n=100)
    figures = {
        "requests_per_second": sum(counts.values()) / passed,
        **{name: counts[name] for name in ("answered", "refused", "left", "busy")},
        "half_open_closed_by_server": half_open.closed_by_server,
        "p50_ms": 1000 * points[49],
        "p95_ms": 1000 * points[94],
        "p99_ms": 1000 * points[98],
        "slowest_ms_beside_the_hardest_request": 1000 * max(beside),
        "memory_mb_after_10_s": settled[0],
        "memory_mb_at_the_end": settled[-1],
        "memory_mb_at_most": max(settled),
    }
    bars = {
        "wrong": bar(counts["wrong"], below=1),
        "lost": bar(counts["lost"], below=1),
        "server_errors_but_503": bar(counts["failed"], below=1),
        "median_ms_beside_the_hardest_request": bar(1000 * statistics.median(beside), below=500),
        "memory_growth_mb": bar(max(settled) - settled[0], below=256),
        "seconds_to_end": bar(ended, below=10),
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


def seconds_beside_the_hardest(port: int, texts: list[str]) -> list[float]:
    """Time one-sentence requests, one after the other, while the hardest request is predicted."""
    seconds = []
    with socket.create_connection(("127.0.0.1", port)) as hard:
        hard.sendall(HEAD % len(HARDEST) + HARDEST)
        time.sleep(1)
        for text in texts:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            began = time.perf_counter()
            connection.request("POST", "/predict", json.dumps({"text": text}).encode(), JSON)
            if connection.getresponse().read() and not select.select([hard], [], [], 0)[0]:
                seconds.append(time.perf_counter() - began)
            connection.close()
    if len(seconds) < len(texts):
        sys.exit("the hardest request ended before the short ones; take a slower model")
    return seconds


def seconds_to_end(server: subprocess.Popen[bytes], port: int) -> tuple[float, int]:
    """Send SIGTERM while the hardest request is predicted; return the seconds to the end, and the exit code."""
    with socket.create_connection(("127.0.0.1", port)) as hard:
        hard.sendall(HEAD % len(HARDEST) + HARDEST)
        time.sleep(1)
        began = time.perf_counter()
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
        return time.perf_counter() - began, code


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
