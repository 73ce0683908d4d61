"""Values of submissions and conflicts between open JSON and sealed text."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from app.kit.crypto import Vault

SUBMISSION = "submission.sealed"
CONFLICT = "subject_conflict.sealed"


def sealed(
    vault: Vault, values: Mapping[str, Any], hidden: Collection[str], row_id: UUID, column: str = SUBMISSION
) -> tuple[dict[str, Any], str | None]:
    """The open values, and the hidden ones sealed as JSON; None when there are none."""
    secret = {name: value for name, value in values.items() if name in hidden}
    plain = {name: value for name, value in values.items() if name not in hidden}
    if not secret:
        return plain, None
    return plain, vault.encrypt(orjson.dumps(secret).decode(), column, row_id)


def opened(
    vault: Vault, plain: Mapping[str, Any], secret: str | None, row_id: UUID, column: str = SUBMISSION
) -> dict[str, Any]:
    """All values again. Raises SealError."""
    if secret is None:
        return dict(plain)
    return {**plain, **orjson.loads(vault.decrypt(secret, column, row_id))}
