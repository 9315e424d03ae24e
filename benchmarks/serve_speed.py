"""Measures how many sentences the server answers with each backend, on WNUT-17 test sentences.

    python benchmarks/serve_speed.py [--model models/exported] [--seconds 10] [--runs 3]

Eight clients send one request after the other over one connection each, first with one sentence each, then with 32.
The backends take turns. The clients use the same cores as the server, so the server alone is faster. Answers are
counted from one second after the start. WNUT-17 is needed (from the network, or from NERPIPE_MIRROR).
"""

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from predict_speed import sentences
from report import ROOT, median, print_table, write_result

CLIENTS, WARM = 8, 1.0
SIZES = (1, 32)  # Sentences of a request.
BACKENDS = (("onnx", "fp32"), ("onnx", "int8"), ("openvino", "fp32"), ("openvino", "bfloat16"), ("openvino", "int8"))


def main() -> None:
    """Measure all backends in turn, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=ROOT / "models/exported", help="exported folder")
    parser.add_argument("--seconds", type=float, default=10, help="seconds of each measurement (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="number of runs (default: %(default)s)")
    flags = parser.parse_args()
    texts = sentences(400)
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(flags.runs):
        for backend, precision in BACKENDS:
            for size, rate in measure(flags.model, backend, precision, texts, flags.seconds).items():
                rates.setdefault((f"{backend} {precision}", size), []).append(rate)
                print(f"{backend} {precision}, {size} in a request: {rate:.0f} sentences/s", flush=True)
    names = dict.fromkeys(name for name, _ in rates)
    figures = {
        name: {f"sentences_per_second_{size}_in_a_request": median(rates[name, size]) for size in SIZES}
        for name in names
    }
    print_table(
        ("backend", *(f"{size} in a request" for size in SIZES)), [(n, *f.values()) for n, f in figures.items()]
    )
    result = {"figures": figures, "clients": CLIENTS, "seconds": flags.seconds, "runs": flags.runs}
    print(write_result("serve_speed", result, "onnxruntime", "openvino", "uvicorn", "tokenizers"))


def measure(model: Path, backend: str, precision: str, texts: list[str], seconds: float) -> dict[int, float]:
    """Start a server, and return the sentences that it answers in a second, by the sentences of a request."""
    command = [str(Path(sys.executable).parent / "nerpipe"), "serve", str(model), "--port", "0"]
    command += ["--backend", backend, "--precision", precision]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, text=True, **pipes)
    try:
        port = int(re.search(r":(\d+) ", server.stdout.readline())[1])
        return {size: load(port, texts, size, seconds) for size in SIZES}
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def load(port: int, texts: list[str], size: int, seconds: float) -> float:
    """Let the clients ask for some seconds, and return the sentences that were answered in a second."""
    began, ends, answered = time.perf_counter(), seconds + WARM, [0] * CLIENTS

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        turn = number * 50
        while (now := time.perf_counter() - began) < ends:
            body = json.dumps({"text": [texts[(turn + i) % len(texts)] for i in range(size)]})
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            found = json.loads(answer.read())
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {found}")
            turn += size
            if now >= WARM and time.perf_counter() - began < ends:
                answered[number] += size

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / seconds


if __name__ == "__main__":
    main()
