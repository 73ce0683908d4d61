"""Asking a service on this machine whether it is ready, past any proxy that the environment names."""

import urllib.error
import urllib.request

TIMEOUT_S = 2.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(base_url: str) -> bool:
    """Whether `/health/ready` answers 200."""
    try:
        with _direct.open(f"{base_url}/health/ready", timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):  # a word that is no URL, too
        return False
