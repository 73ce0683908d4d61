"""The encrypted column of visits, for a key rotation."""

from app.kit.reencryption import SealedColumn
from app.visits.models import Visit
from app.visits.service import SEALED

SEALED_COLUMNS = (SealedColumn(SEALED, Visit.sealed, Visit.id),)
