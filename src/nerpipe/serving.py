"""The `serve` command."""

import argparse
from pathlib import Path

from nerpipe.backends import BACKENDS, PRECISIONS
from nerpipe.errors import NerpipeError

SERVE = """Answer requests over HTTP: POST /predict; a page to try it at /, its description at /docs. Needs the extra
packages of requirements/serve.txt."""
HOST, PORT = "127.0.0.1", 8000


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL_FOLDER", help="such as models/exported")
    parser.add_argument("--host", default=HOST, help="address to listen on (default: %(default)s, this machine alone)")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s; 0: any that is free")
    parser.add_argument("--backend", choices=BACKENDS, default="onnx", help="default: %(default)s")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="default: %(default)s")
    parser.add_argument("--threads", type=int, metavar="N", help="default: the cores this process may use")
    parser.set_defaults(run=serve)


def serve(arguments: argparse.Namespace) -> None:
    """Serve until Ctrl-C or SIGTERM; what was accepted is finished first."""
    try:
        import uvicorn

        from nerpipe.webapp import make_app
    except ModuleNotFoundError as error:
        raise NerpipeError(
            f"serving needs packages that are not here ({error.name}): pip install -r requirements/serve.txt"
        ) from None
    from nerpipe.predictor import Predictor

    predictor = Predictor(
        arguments.model, backend=arguments.backend, precision=arguments.precision, threads=arguments.threads
    )
    app = make_app(predictor, arguments.model)
    try:
        uvicorn.run(app, host=arguments.host, port=arguments.port, log_level="warning", server_header=False)
    except SystemExit as error:  # uvicorn's way to say that the port is taken
        if error.code:
            raise NerpipeError(
                f"{arguments.host}:{arguments.port} cannot be listened on: is the port taken? --port 0 takes a free one"
            ) from None
