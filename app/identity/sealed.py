"""The encrypted columns of identity, for a key rotation."""

from app.identity.accounts import PHONE
from app.identity.factor_models import SecondFactor
from app.identity.keyring import COLUMN
from app.identity.models import Account, SigningKey
from app.identity.second_factor import ACTIVE, PENDING
from app.kit.reencryption import SealedColumn

SEALED_COLUMNS = (
    SealedColumn(PHONE, Account.phone_sealed, Account.id, Account.phone_index),
    SealedColumn(COLUMN, SigningKey.private_sealed, SigningKey.id),
    SealedColumn(ACTIVE, SecondFactor.active_sealed, SecondFactor.account_id),
    SealedColumn(PENDING, SecondFactor.pending_sealed, SecondFactor.account_id),
)
