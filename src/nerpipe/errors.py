"""The only exception whose message is written for the user."""


class NerpipeError(Exception):
    """An error that the user can correct.

    The message says what was wrong, where (file:line, key, value), what is allowed and what to do next. A stage prints
    the message without a traceback and exits with code 1. Any other exception is a bug.
    """
