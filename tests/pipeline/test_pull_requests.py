"""The comparison that a pull request gets: commands of the workflow, comment, docs/pull_requests.md."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from places import ROOT
from repository import Repo
from small_repository import small_repository

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/compare.yml").read_text())
PAGE = (ROOT / "docs/pull_requests.md").read_text()
(GITLAB_TEXT,) = re.findall(r"```yaml\n(compare:.*?)```", PAGE, re.DOTALL)
GITLAB = yaml.safe_load(GITLAB_TEXT)["compare"]
MARKER = "<!-- nerpipe compare -->"
JOBS = WORKFLOW["jobs"]


def steps(job):
    return [step for step in JOBS[job]["steps"] if "run" in step]


def commands_of(text):
    """The commands of the project in a script."""
    return set(re.findall(r"\.ci/results|\.ci/compare|python3 \.ci/comment\.py|dvc gc [\w -]+\w", text))


def test_no_expression_gets_into_a_shell():
    for job in JOBS:
        for step in steps(job):
            assert "${{" not in step["run"]


def test_only_the_job_that_runs_no_code_of_the_branch_may_write():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS["compare"]
    assert JOBS["comment"]["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert [step["run"] for step in steps("comment")] == ['python3 .ci/comment.py comparison.md "$COMMIT"']
    assert "head.repo.full_name == github.repository" in JOBS["comment"]["if"]
    assert WORKFLOW[True].keys() == {"push", "pull_request"}  # `on`, which YAML 1.1 takes for a truth value
    for job in JOBS.values():
        checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout"))
        assert checkout["with"]["persist-credentials"] is False


def test_gitlab_runs_the_commands_of_github():
    github = commands_of("\n".join(step["run"] for job in JOBS for step in steps(job)))
    assert github == {".ci/results", ".ci/compare", "python3 .ci/comment.py", "dvc gc --workspace --force"}
    scripts = [*GITLAB["script"], *GITLAB["after_script"]]
    assert commands_of("\n".join(scripts)) == github
    for script in scripts:
        subprocess.run(["bash", "-n", "-c", script], check=True)
    paths = {
        path for job in JOBS.values() for step in job["steps"] for path in [step.get("with", {}).get("path")] if path
    }
    assert paths == {".dvc/cache", "comparison.md"}
    assert paths <= {*GITLAB["cache"]["paths"], *GITLAB["artifacts"]["paths"]}


class Forge(BaseHTTPRequestHandler):
    """The comments of a pull request of GitHub and of a merge request of GitLab."""

    def answer(self, data, status=200):
        body = self.server.page or json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/gitlab/user":
            return self.answer({"username": "robot"})
        query = {key: int(value[0]) for key, value in parse_qs(address.query).items()}
        first = (query["page"] - 1) * query["per_page"]
        return self.answer(self.server.comments[first : first + query["per_page"]])

    def do_POST(self):
        token = self.headers["Authorization"] or self.headers["PRIVATE-TOKEN"]
        if token not in ("Bearer secret", "secret"):
            return self.answer({"message": "Resource not accessible by integration"}, 403)
        self.server.add(self.body(), self.server.me)
        self.server.posted.append(self.path)
        return self.answer({})

    def do_PATCH(self):
        number = int(self.path.rpartition("/")[2])
        (comment,) = (comment for comment in self.server.comments if comment["id"] == number)
        comment["body"] = self.body()
        self.server.posted.append(self.path)
        return self.answer({})

    do_PUT = do_PATCH  # noqa: N815 - the name that the server looks for


class Server(ThreadingHTTPServer):
    def __init__(self, kind):
        super().__init__(("127.0.0.1", 0), Forge)
        self.comments, self.posted, self.kind = [], [], kind
        self.page = b""  # What every answer holds instead of its data.
        self.me = "github-actions[bot]" if kind == "github" else "robot"

    def add(self, body, author):
        key = {"user": {"login": author}} if self.kind == "github" else {"author": {"username": author}}
        self.comments.append({"id": 1000 + len(self.comments), "body": body} | key)

    @property
    def env(self):
        address = f"http://127.0.0.1:{self.server_port}/{self.kind}"
        github = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "team/ner", "GITHUB_REF": "refs/pull/7/merge"}
        gitlab = {"CI_API_V4_URL": address, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}
        return (github if self.kind == "github" else gitlab) | {f"{self.kind.upper()}_TOKEN": "secret"}


@pytest.fixture(params=["github", "gitlab"])
def forge(request):
    server = Server(request.param)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def post(forge, file, **env):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "CI_"))}
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci/comment.py"), str(file), "abc123"],
        env=clean | forge.env | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_comment_is_posted_and_then_replaced(forge, tmp_path):
    for number in range(230):  # several pages; and a comment of somebody else that looks like ours
        forge.add(f"{MARKER}\nmine" if number == 3 else None if number == 4 else f"comment {number}", "somebody")
    (tmp_path / "report.md").write_text("### ä first 🌈")
    done = post(forge, tmp_path / "report.md")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(forge.comments) == 231
    ours = forge.comments[-1]
    assert ours["body"].startswith(f"{MARKER}\n### ä first 🌈\n")
    assert "abc123" in ours["body"]
    forge.add("later", "somebody")
    (tmp_path / "report.md").write_text("### second")
    assert f"Comment {ours['id']} is replaced" in post(forge, tmp_path / "report.md").stdout
    assert len(forge.comments) == 232
    assert "second" in ours["body"]
    assert "first" not in ours["body"]
    assert forge.comments[3]["body"] == f"{MARKER}\nmine"
    wanted = {
        "github": ["/github/repos/team/ner/issues/7/comments", f"/github/repos/team/ner/issues/comments/{ours['id']}"],
        "gitlab": [
            "/gitlab/projects/3/merge_requests/7/notes",
            f"/gitlab/projects/3/merge_requests/7/notes/{ours['id']}",
        ],
    }
    assert forge.posted == wanted[forge.kind]


def test_a_token_that_may_not_write_and_a_server_that_is_away_are_explained(forge, tmp_path):
    (tmp_path / "report.md").write_text("text")
    done = post(forge, tmp_path / "report.md", **{f"{forge.kind.upper()}_TOKEN": "wrong"})
    assert done.returncode == 1
    assert "403 Forbidden" in done.stderr
    assert "Resource not accessible" in done.stderr
    assert "may the token write comments?" in done.stderr
    assert "Traceback" not in done.stderr
    away = {key: "http://127.0.0.1:1/x" for key in forge.env if key.endswith(("API_URL", "V4_URL"))}
    done = post(forge, tmp_path / "report.md", **away)
    assert (done.returncode, "refused" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


@pytest.mark.parametrize("page", [b"<html>Sign in</html>", b'"text"', b'["text"]', b"[" * 5000])
def test_an_answer_that_is_not_that_of_an_api_is_shown(forge, tmp_path, page):
    (tmp_path / "report.md").write_text("text")
    forge.page = page
    done = post(forge, tmp_path / "report.md")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"error: GET {next(iter(forge.env.values()))}")
    assert page[:10].decode() in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_feed_behind_a_token_is_left_out_and_no_token_is_ever_shown(forge, tmp_path):
    (tmp_path / "report.md").write_text("text")
    name = f"{forge.kind.upper()}_TOKEN"
    done = post(forge, tmp_path / "report.md", **{name: "secret\n"})
    assert (done.returncode, done.stderr) == (0, "")
    for token in ("secr\net", "secr et", "secrét"):
        done = post(forge, tmp_path / "report.md", **{name: token})
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert f"the variable {name} holds a blank, a line feed" in done.stderr
        assert "secr" not in done.stderr


@pytest.mark.parametrize(
    ("forge", "name", "value", "said"),
    [
        ("github", "GITHUB_TOKEN", "", "the variable GITHUB_TOKEN is not set"),
        ("github", "GITHUB_REF", "x", "GITHUB_REF is 'x', but refs/pull/NUMBER/merge is needed"),
        ("github", "GITHUB_REF", "refs/heads/main", "refs/pull/NUMBER/merge is needed"),
        ("github", "GITHUB_API_URL", "x", "is this the address of the API"),
        ("gitlab", "CI_MERGE_REQUEST_IID", " ", "the variable CI_MERGE_REQUEST_IID is not set"),
    ],
    indirect=["forge"],
)
def test_a_variable_that_is_missing_or_odd_is_named(forge, tmp_path, name, value, said):
    (tmp_path / "report.md").write_text("text")
    done = post(forge, tmp_path / "report.md", **{name: value})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


@pytest.mark.parametrize("arguments", [[], ["missing.md", "abc123"], ["latin.md", "abc123"], ["one.md"]])
@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_a_file_that_is_not_there_is_named(forge, tmp_path, arguments):
    (tmp_path / "latin.md").write_bytes(b"caf\xe9")
    command = [sys.executable, str(ROOT / ".ci/comment.py"), *arguments]
    done = subprocess.run(
        command, env=os.environ | forge.env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    said = f"error: {arguments[0]} cannot be read" if arguments[1:] else "error: a file and a commit are needed"
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(said)


def test_without_a_token_of_gitlab_nothing_is_posted(tmp_path):
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "GITLAB_", "CI_"))}
    (tmp_path / "report.md").write_text("text")
    command = [sys.executable, str(ROOT / ".ci/comment.py"), str(tmp_path / "report.md"), "abc123"]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
    assert "nothing is posted" in done.stdout


def environment(clone):
    """Make the environment of a clone, installed already."""
    (clone.path / ".venv/bin").mkdir(parents=True)
    (clone.path / ".venv/bin/dvc").symlink_to(shutil.which("dvc", path=clone.env["PATH"]))
    (clone.path / ".venv/bin/.run-installed").touch()


def clone_of(repo, branch, folder, cache=None):
    """A clone as a CI makes it: the commit of a branch, and no local branch."""
    repo.run("git", "checkout", "-q", "main")
    repo.run("git", "clone", "-q", "--no-checkout", str(repo.path), str(folder))
    clone = Repo(folder, folder.parent / "cache")
    clone.run("git", "checkout", "-q", "--detach", f"origin/{branch}")
    clone.run("git", "branch", "-q", "-D", "main")
    if cache:
        shutil.copytree(cache, folder / ".dvc/cache")
    environment(clone)
    return clone


def walk(clone, event, secret=""):
    """Run the steps of the workflow for an event. After one that fails, only those run that always do."""
    summary = clone.path.parent / "summary.md"
    summary.unlink(missing_ok=True)
    values = {
        "${{ github.base_ref }}": "main",
        "${{ secrets.DVC_CONFIG_LOCAL }}": secret,
        "${{ vars.PIP_EXTRA_INDEX_URL }}": "",
    }
    outputs, failed = [], False
    for step in steps("compare"):
        condition = step.get("if", "")
        if event not in condition or (failed and "!cancelled()" not in condition):
            continue
        given = {**JOBS["compare"]["env"], **step.get("env", {})}
        env = {key: values[value] for key, value in given.items()} | {"GITHUB_STEP_SUMMARY": str(summary)}
        done = clone.try_run("bash", "-e", "-o", "pipefail", "-c", step["run"], **env)
        outputs.append(done.stdout + done.stderr)
        failed = failed or done.returncode != 0
    return failed, "\n".join(outputs), summary.read_text() if summary.exists() else ""


@pytest.mark.slow
def test_a_pull_request_with_the_cache_of_main(repo, tmp_path):
    repo.run("git", "checkout", "-qb", "lower")
    repo.set(lr="1e-9")  # learns nothing
    repo.commit("a lower lr, which nobody has run")
    clone = clone_of(repo, "lower", tmp_path / "clone", repo.path / ".dvc/cache")
    failed, output, summary = walk(clone, "pull_request")
    assert not failed, output
    assert re.findall(r"Running stage '(\w+)'", output) == ["train", "evaluate", "export"]
    assert summary == clone.read("comparison.md")
    (job,) = steps("comment")
    server = Server("github")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    clone.run("bash", "-c", job["run"], **server.env, COMMIT="abc123")
    server.shutdown()
    thread.join()
    server.server_close()
    (comment,) = server.comments
    assert summary in comment["body"]
    for part in (
        "### `workspace` compared with `main`\n",
        "| `lr` | `0.01` | `1e-09` |\n",
        "<details><summary>F1 by type (2)</summary>",
    ):
        assert part in comment["body"]
    assert re.search(r"\*\*-\d+\.\d F1, 95% CI .*: worse\*\*", summary)
    assert re.search(r"<summary>\d+ broken sentences: correct before, wrong now", summary)
    # A push to main leaves the results of main alone in the cache.
    main = clone_of(repo, "main", tmp_path / "main", clone.path / ".dvc/cache")
    failed, output, _ = walk(main, "push")
    assert not failed, output
    assert "Running stage" not in output
    assert "Removed" in output
    assert main.run("dvc", "status") == "Data and pipelines are up to date.\n"


@pytest.fixture(scope="module")
def small_with_scripts(tmp_path_factory):
    """The small repository with our scripts, and a branch `better` that nobody has run."""
    repo = small_repository(tmp_path_factory.mktemp("small"))
    shutil.copytree(ROOT / ".ci", repo.path / ".ci")
    (repo.path / "Makefile").write_text(".venv/bin/.run-installed:\n\tfalse\n")
    repo.commit("scripts")
    repo.run("git", "checkout", "-qb", "better")
    repo.set(system="good")
    repo.commit("better")
    repo.run("git", "checkout", "-qb", "other", "main")
    repo.set(system="other_gold")
    repo.commit("another test split")
    repo.run("git", "checkout", "-q", "main")
    return repo


@pytest.fixture
def small(small_with_scripts, tmp_path):
    shutil.copytree(small_with_scripts.path, tmp_path / "small", symlinks=True)
    return Repo(tmp_path / "small", tmp_path / "cache")


@pytest.mark.slow
def test_results_come_from_a_remote(small, tmp_path):
    remote = f'[core]\n    remote = store\n[remote "store"]\n    url = {tmp_path / "store"}\n'
    (small.path / ".dvc/config.local").write_text(remote)
    small.run("git", "checkout", "-q", "better")
    small.run("dvc", "repro", "-q")
    small.commit("results")
    small.run("dvc", "push", "-q", "--all-branches")
    clone = clone_of(small, "better", tmp_path / "clone")
    failed, output, summary = walk(clone, "pull_request", remote)
    assert not failed, output
    assert "Running stage" not in output
    assert "| `system` | `bad` | `good` |" in summary
    assert ": better**" in summary
    assert (clone.path / ".dvc/config.local").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_without_cache_and_remote_all_results_are_made_and_nothing_else_changes(small, tmp_path):
    clone = clone_of(small, "better", tmp_path / "clone")
    away = f'[core]\n    remote = store\n[remote "store"]\n    url = {tmp_path / "gone"}\n'
    failed, output, summary = walk(clone, "pull_request", away)
    assert not failed, output
    assert output.count("Running stage 'evaluate'") == 2
    assert "The results of main are neither in the cache nor in the remote, so they are made here." in output
    assert "compared with `main-made-here`" in summary
    assert "| `system` | `bad` | `good` |" in summary
    assert clone.run("git", "branch", "--format=%(refname:short)").split()[-1] == "main-made-here"
    assert clone.run("git", "worktree", "list").count("\n") == 1
    assert clone.read("params.yaml").startswith("system: good")
    # The next run finds what this one made.
    failed, output, summary = walk(clone, "pull_request", away)
    assert (failed, "Running stage" in output, ": better**" in summary) == (False, False, True)


@pytest.mark.slow
def test_what_cannot_be_compared_and_what_fails_is_said_in_the_comment(small, tmp_path):
    clone = clone_of(small, "other", tmp_path / "clone", small.path / ".dvc/cache")
    failed, output, summary = walk(clone, "pull_request")
    assert failed
    assert "error: " in output
    assert summary.startswith("`nerpipe compare` gave no comparison:\n\n    error: ")
    assert "Sentence 12 is the first that differs" in summary
    clone.set(system="nobody")
    failed, output, summary = walk(clone, "pull_request")
    assert failed
    assert "systems/nobody" in output
    assert summary == "The comparison with `main` did not finish: the log of this run says why.\n"
