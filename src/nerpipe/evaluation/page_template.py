"""Pages of one file: HTML that holds its style and its script, and a security policy that admits nothing else.

A page NAME lies beside the module that fills it as NAME.html, NAME.css and NAME.js. In the HTML, `@STYLE@`, `@SCRIPT@`
and any other `@WORD@` mark what is filled in.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files


def fill_page(package: str, name: str, *, admitted: Sequence[str] = (), **parts: str) -> tuple[str, str]:
    """Fill a page.

    Args:
        package: The package in which the three files lie.
        name: Of the page.
        admitted: Further directives of the content security policy.
        parts: What takes the place of further marks, by their names; filled in last, so that a mark inside stays
            what it is.

    Returns:
        The page, and the content security policy, which names style and script by their hashes. The policy also takes
        the place of `@POLICY@`.
    """
    html, style, script = (
        files(package).joinpath(f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js")
    )
    directives = ("default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}", "base-uri 'none'")
    policy = "; ".join((*directives, "form-action 'none'", *admitted))
    for mark, part in {"POLICY": policy, "STYLE": style, "SCRIPT": script, **parts}.items():
        html = html.replace(f"@{mark}@", part)
    return html, policy


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
