"""Secrets and signatures of webhooks, in the form of Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from standardwebhooks.webhooks import Webhook

# The specification wants 24 to 64.
_SECRET_BYTES = 32


def make_secret() -> bytes:
    """Return a new secret."""
    return secrets.token_bytes(_SECRET_BYTES)


def show_secret(secret: bytes) -> str:
    """Return a secret as its receiver is given it.

    Examples
    --------
    >>> show_secret(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return f"whsec_{base64.b64encode(secret).decode()}"


def sign(message_id: str, payload: str, secret_keys: tuple[bytes, ...], *, at: datetime) -> dict[str, str]:
    """Return the fields of a message's header: its id, when it is sent, and a signature by each secret."""
    signatures = (Webhook(key).sign(message_id, at, payload) for key in secret_keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }
