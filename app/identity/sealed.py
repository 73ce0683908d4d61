"""The encrypted columns of identity, for a key rotation."""

from app.identity.accounts import PHONE
from app.identity.keyring import COLUMN
from app.identity.models import Account, SigningKey
from app.kit.reencryption import SealedColumn

SEALED_COLUMNS = (
    SealedColumn(PHONE, Account.phone_sealed, Account.id, Account.phone_index),
    SealedColumn(COLUMN, SigningKey.private_sealed, SigningKey.id),
)
