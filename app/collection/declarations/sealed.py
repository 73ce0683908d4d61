"""Sealed columns of self-declaration, for a rotation of keys."""

from app.collection.declarations.models import Declaration
from app.kit.reencryption import SealedColumn

SEALED_COLUMNS = (SealedColumn("declaration.sealed", Declaration.sealed, Declaration.id),)
