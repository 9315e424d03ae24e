"""Post a file as a comment of a pull request (GitHub) or merge request (GitLab), or replace that of an earlier run.

    python3 .ci/comment.py comparison.md COMMIT

Everything else is in variables that the two set themselves, but for the token: GITHUB_TOKEN or GITLAB_TOKEN. This file
needs no package.
"""

import http.client
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

MARKER = "<!-- nerpipe compare -->"
PAGE = 100  # Comments in one answer, the most that both allow.
SHOWN = 300  # Bytes of an answer that a message shows.
GITHUB_AUTHOR = "github-actions[bot]"
ARGUMENTS = ("a file", "a commit")
TOKEN = re.compile("[!-~]+")
PULL_REQUEST = re.compile(r"refs/pull/(\d+)/")


class Thread(NamedTuple):
    """The comments of a pull request or merge request."""

    comments: str  # The address to list them at, and to post one to.
    one: str  # The address of one of them, without its number.
    update: str  # The HTTP method that replaces one.
    headers: dict[str, str]
    author: str  # The author of our comments.


def main() -> None:
    """Post the file."""
    if len(sys.argv) != len(ARGUMENTS) + 1:
        stop(f"{' and '.join(ARGUMENTS)} are needed: python3 .ci/comment.py comparison.md COMMIT")
    file, commit = sys.argv[1:]
    thread = github() if "GITHUB_REPOSITORY" in os.environ else gitlab()
    if thread is None:
        print("GITLAB_TOKEN is not set, as in a pipeline of a fork, so nothing is posted.")
        return
    try:
        content = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        stop(f"{file} cannot be read ({error}); give the file that .ci/compare wrote")
    text = f"{MARKER}\n{content}\n\n<sub>Commit {commit}</sub>\n"
    number = earlier(thread)
    if number is None:
        ask(thread, "POST", thread.comments, dict, {"body": text})
    else:
        ask(thread, thread.update, f"{thread.one}/{number}", dict, {"body": text})
    print("A new comment is posted." if number is None else f"Comment {number} is replaced.")


def stop(said: str) -> NoReturn:
    """End with a message."""
    sys.exit(f"error: {said}")


def variable(name: str) -> str:
    """Return a variable of the CI, without the line feed that a pasted secret may end with."""
    value = os.environ.get(name, "").strip()
    if not value:
        stop(f"the variable {name} is not set; run this in a job of a pull request or merge request, which sets it")
    return value


def token_in(name: str) -> str:
    """Return a token, which no message may show."""
    token = variable(name)
    if not TOKEN.fullmatch(token):
        stop(f"the variable {name} holds a blank, a line feed or another character that no token has; paste it anew")
    return token


def github() -> Thread:
    """Return the thread of the pull request of this run."""
    repository = f"{variable('GITHUB_API_URL')}/repos/{variable('GITHUB_REPOSITORY')}/issues"
    number = PULL_REQUEST.match(variable("GITHUB_REF"))
    if not number:
        stop(
            f"GITHUB_REF is {variable('GITHUB_REF')!r}, but refs/pull/NUMBER/merge is needed; run this in a workflow "
            "that pull_request starts"
        )
    headers = {
        "Authorization": f"Bearer {token_in('GITHUB_TOKEN')}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Thread(f"{repository}/{number[1]}/comments", f"{repository}/comments", "PATCH", headers, GITHUB_AUTHOR)


def gitlab() -> Thread | None:
    """Return the thread of the merge request of this pipeline, or None if there is no token."""
    if not os.environ.get("GITLAB_TOKEN", "").strip():
        return None
    server = variable("CI_API_V4_URL")
    notes = f"{server}/projects/{variable('CI_PROJECT_ID')}/merge_requests/{variable('CI_MERGE_REQUEST_IID')}/notes"
    thread = Thread(notes, notes, "PUT", {"PRIVATE-TOKEN": token_in("GITLAB_TOKEN")}, "")
    return thread._replace(author=str(ask(thread, "GET", f"{server}/user", dict).get("username")))


def earlier(thread: Thread) -> int | None:
    """Return the number of our comment, or None if there is none. Nobody else's comment is ours, whatever it says."""
    page = 1
    while True:
        comments = ask(thread, "GET", f"{thread.comments}?per_page={PAGE}&page={page}", list)
        for comment in comments:
            author = comment.get("user") or comment.get("author")
            name = author.get("login", author.get("username")) if isinstance(author, dict) else None
            if name == thread.author and str(comment.get("body")).startswith(MARKER):
                return int(comment["id"])
        if len(comments) < PAGE:
            return None
        page += 1


def ask(thread: Thread, method: str, address: str, kind: type[Any], data: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Send a request and return the answer, which is of a kind: an object of JSON, or a list of objects."""
    body = None if data is None else json.dumps(data).encode()
    headers = thread.headers | {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310 - the server of the CI
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            content = answer.read()
    except urllib.error.HTTPError as error:
        said = error.read(SHOWN).decode(errors="replace")
        stop(f"{method} {address}: {error.code} {error.reason}: {said}; may the token write comments?")
    except (OSError, ValueError, http.client.HTTPException) as error:
        stop(f"{method} {address}: {error}; is this the address of the API, and does the server answer?")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, kind) or (kind is list and not all(isinstance(part, dict) for part in found)):
        begin = content[:SHOWN].decode(errors="replace")
        stop(f"{method} {address}: this is not the answer of an API, but begins with {begin!r}; is the address right?")
    return found


if __name__ == "__main__":
    main()
