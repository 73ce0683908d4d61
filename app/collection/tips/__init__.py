"""Tips of volunteers (线索): registered on Form 3 or 4, assigned at the weekly meeting, verified, entered.

`router` → `service` (register, assign many, enter) → `workflow` (pure) and `queries` (SQL).
"""
