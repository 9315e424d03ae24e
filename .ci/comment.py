"""Post a file as a comment of a pull request (GitHub) or merge request (GitLab), or replace that of an earlier run.

    python3 .ci/comment.py comparison.md COMMIT

Everything else is in variables that the two set themselves, but for the token: GITHUB_TOKEN or GITLAB_TOKEN. This file
needs no package.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

MARKER = "<!-- nerpipe compare -->"
PAGE = 100  # Comments in one answer, the most that both allow.
GITHUB_AUTHOR = "github-actions[bot]"


class Thread(NamedTuple):
    """The comments of a pull request or merge request."""

    comments: str  # The address to list them at, and to post one to.
    one: str  # The address of one of them, without its number.
    update: str  # The HTTP method that replaces one.
    headers: dict[str, str]
    author: str  # The author of our comments.


def main() -> None:
    """Post the file."""
    file, commit = sys.argv[1:]
    thread = github() if "GITHUB_REPOSITORY" in os.environ else gitlab()
    if thread is None:
        print("GITLAB_TOKEN is not set, as in a pipeline of a fork, so nothing is posted.")
        return
    text = f"{MARKER}\n{Path(file).read_text(encoding='utf-8')}\n\n<sub>Commit {commit}</sub>\n"
    number = earlier(thread)
    if number is None:
        ask(thread, "POST", thread.comments, {"body": text})
    else:
        ask(thread, thread.update, f"{thread.one}/{number}", {"body": text})
    print("A new comment is posted." if number is None else f"Comment {number} is replaced.")


def github() -> Thread:
    """Return the thread of the pull request of this run."""
    repository = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    number = os.environ["GITHUB_REF"].split("/")[2]  # refs/pull/NUMBER/merge
    headers = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Thread(f"{repository}/{number}/comments", f"{repository}/comments", "PATCH", headers, GITHUB_AUTHOR)


def gitlab() -> Thread | None:
    """Return the thread of the merge request of this pipeline, or None if there is no token."""
    if not os.environ.get("GITLAB_TOKEN"):
        return None
    server = os.environ["CI_API_V4_URL"]
    notes = f"{server}/projects/{os.environ['CI_PROJECT_ID']}/merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    thread = Thread(notes, notes, "PUT", {"PRIVATE-TOKEN": os.environ["GITLAB_TOKEN"]}, "")
    return thread._replace(author=ask(thread, "GET", f"{server}/user")["username"])


def earlier(thread: Thread) -> int | None:
    """Return the number of our comment, or None if there is none. Nobody else's comment is ours, whatever it says."""
    page = 1
    while True:
        comments = ask(thread, "GET", f"{thread.comments}?per_page={PAGE}&page={page}")
        for comment in comments:
            author = comment.get("user") or comment.get("author") or {}
            name = author.get("login", author.get("username"))
            if name == thread.author and (comment["body"] or "").startswith(MARKER):
                return int(comment["id"])
        if len(comments) < PAGE:
            return None
        page += 1


def ask(thread: Thread, method: str, address: str, data: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
    """Send a request and return the answer."""
    body = None if data is None else json.dumps(data).encode()
    headers = thread.headers | {"Content-Type": "application/json"}
    request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310 - the server of the CI
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read(300).decode(errors="replace")
        sys.exit(f"error: {method} {address}: {error.code} {error.reason}: {said}; may the token write comments?")
    except OSError as error:
        sys.exit(f"error: {method} {address}: {error}")


if __name__ == "__main__":
    main()
