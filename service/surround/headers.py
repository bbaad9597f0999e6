"""Headers of every answer: what a browser must not do with it, and who may keep it."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""For answers that are data; pages bring a policy of their own."""
FIXED: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000; includeSubDomains"


def dress(
    headers: MutableHeaders, *, request_id: str, personal: bool, secure: bool, language: str, status: int
) -> None:
    """Add what is missing: what a route set itself stays.

    `personal` answers are for one caller and kept by no one on the way; with an `ETag` their own caller may
    ask whether they still hold.
    """
    headers["X-Request-Id"] = request_id
    for name, value in FIXED.items():
        headers.setdefault(name, value)
    if secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if status >= 400:
        headers.setdefault("Cache-Control", "no-store")
    elif personal:
        headers.setdefault("Cache-Control", "private, no-cache" if "ETag" in headers else "private, no-store")
    else:
        headers.setdefault("Cache-Control", "no-cache")
    for name in ("Authorization", "Cookie", "Accept-Language"):
        headers.add_vary_header(name)
    if "Content-Type" in headers:
        # sentences of problems are for programmers, and in English
        headers.setdefault("Content-Language", "en" if status >= 400 else language)
