"""How often what an item collects is to be looked at again (采集周期, S0-38). Pure."""

from app.rules.book import RuleSet
from app.rules.catalogue.collection import CYCLE_DAYS, CYCLE_OF


def cycle_days(item_code: str, own_days: int | None, applied: RuleSet) -> int:
    """Days of the cycle where the rules `applied` hold.

    An item that ships with the product has a rule of its own, so a county sets it by area and day; a county's
    own item has what it was added with (own_days), else what the rules say of all others.
    """
    rule = CYCLE_OF.get(item_code)
    if rule is not None:
        return applied[rule]
    return own_days or applied[CYCLE_DAYS]
