"""The one exception that a user is meant to read."""


class NerpipeError(Exception):
    """What was wrong, where (file:line, key, value), what is allowed and what to do next.

    A stage prints its message without a traceback and exits with 1. Anything else that is raised is a bug.
    """
