"""The sealed columns of submissions, for a key rotation."""

from app.collection.submissions import sealing
from app.collection.submissions.models import SubjectConflict, Submission
from app.kit.reencryption import SealedColumn

SEALED_COLUMNS = (
    SealedColumn(sealing.SUBMISSION, Submission.sealed, Submission.id),
    SealedColumn(sealing.CONFLICT, SubjectConflict.sealed, SubjectConflict.id),
)
