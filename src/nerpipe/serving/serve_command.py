"""The `serve` command: its arguments, and the process that serves."""

import argparse
import signal
import socket
from pathlib import Path

from nerpipe.command_line.help_text import add_examples
from nerpipe.contracts.terminal import say
from nerpipe.errors import NerpipeError
from nerpipe.params import whole_number
from nerpipe.prediction.model_options import add_min_confidence, add_model_options, chosen_backend

SERVE = """Answer requests over HTTP. POST /predict finds entities, / is a page to try the model, and /docs describes
the interface. The command needs the packages of requirements/serve.txt."""
HOST, PORT = "127.0.0.1", 8000
TIMEOUT = 60


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "model", type=Path, metavar="MODEL_FOLDER", help="folder of an exported model, such as models/exported"
    )
    parser.add_argument(
        "--host",
        default=HOST,
        help="address to listen on (default: %(default)s, which only this machine can reach)",
    )
    parser.add_argument(
        "--port",
        type=whole_number(0),
        default=PORT,
        metavar="N",
        help="port to listen on (default: %(default)s); 0: any free port",
    )
    add_model_options(parser)
    add_min_confidence(parser)
    parser.add_argument(
        "--timeout",
        type=whole_number(1),
        default=TIMEOUT,
        metavar="SECONDS",
        help="time after which a request that is not answered gets status 503 (default: %(default)s)",
    )
    add_examples(
        parser,
        {
            "for this machine alone": "nerpipe serve models/exported",
            "for other machines, on another port": "nerpipe serve models/exported --host 0.0.0.0 --port 9000",
            "with the fastest backend that is installed": "nerpipe serve models/exported --backend auto",
        },
    )
    parser.set_defaults(run=serve)


def serve(arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C or SIGTERM. Accepted requests are answered, as long as the shutdown may take."""
    try:
        from nerpipe.serving.app import make_app
        from nerpipe.serving.http_server import HttpServer
    except ModuleNotFoundError as error:
        raise NerpipeError(
            f"serving needs a package that is not installed ({error.name}); run `pip install -r requirements/serve.txt`"
        ) from None
    from nerpipe.prediction.predictor import Predictor

    choice = chosen_backend(arguments, arguments.model)
    predictor = Predictor(
        arguments.model,
        backend=choice.backend,
        precision=choice.precision,
        device=arguments.device,
        threads=arguments.threads,
        min_confidence=arguments.min_confidence,
    )
    with _listening(arguments.host, arguments.port) as listener:
        host, port = listener.getsockname()[:2]
        app = make_app(predictor, arguments.model, choice=choice, timeout=arguments.timeout)
        server = HttpServer(app, app.state.queue.close)
        say(f"http://{host}:{port} serves {arguments.model}. Press Ctrl-C to stop.")
        # uvicorn answers the accepted requests, then raises the signal again. These handlers ignore that second signal.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else error
        raise NerpipeError(
            f"cannot listen on {host}:{port} ({reason}); use another port, or --port 0 for any free port"
        ) from None
    return listener
