"""Imports every domain's tables, so that migrations and tests know them all."""

from app.affairs import models as affairs
from app.areas import models as areas
from app.collection.assignments import models as assignments
from app.collection.catalogue import models as catalogue
from app.collection.declarations import models as declarations
from app.collection.exports import models as exports
from app.collection.imports import models as imports
from app.collection.subjects import merge_models as subject_merges
from app.collection.subjects import models as subjects
from app.collection.submissions import models as submissions
from app.collection.tips import models as tips
from app.exchange import models as exchange
from app.identity import device_models as identity_devices
from app.identity import factor_models as identity_factors
from app.identity import models as identity
from app.identity import scope
from app.kit import events
from app.operations import models as operations
from app.patrol import models as patrol
from app.patrol.appeals import models as appeals
from app.patrol.integrity import models as integrity
from app.patrol.online import models as patrol_online
from app.patrol.periods import models as patrol_periods
from app.patrol.retention import models as retention
from app.patrol.work import models as patrol_work
from app.rules import models as rules
from app.staffing import models as staffing
from app.staffing import roster_models as staffing_roster
from app.sync import models as sync
from app.uploads import models as uploads
from app.visits import models as visits

TABLES = (
    events,
    rules,
    areas,
    affairs,
    catalogue,
    exchange,
    scope,
    identity,
    identity_devices,
    identity_factors,
    staffing,
    staffing_roster,
    patrol,
    integrity,
    appeals,
    retention,
    patrol_online,
    patrol_periods,
    patrol_work,
    operations,
    sync,
    uploads,
    visits,
    exports,
    imports,
    assignments,
    declarations,
    tips,
    submissions,
    subjects,
    subject_merges,
)
