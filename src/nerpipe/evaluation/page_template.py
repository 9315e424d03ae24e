"""Pages of one file: HTML that contains its style and its script, with a security policy that allows nothing else.

The files NAME.html, NAME.css and NAME.js of a page NAME are in the same folder as the module that fills it. The marks
`@STYLE@`, `@SCRIPT@` and any other `@WORD@` in the HTML are replaced.
"""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files


def fill_page(package: str, name: str, *, admitted: Sequence[str] = (), **parts: str) -> tuple[str, str]:
    """Fill a page.

    Args:
        package: The package that contains the three files.
        name: The name of the page.
        admitted: Further directives of the content security policy.
        parts: The replacements of further marks, by the names of the marks. They are filled in last, so marks inside
            of them stay as they are.

    Returns:
        The page, and the content security policy, which names style and script by their hashes. The policy also
        replaces the mark `@POLICY@`.
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
