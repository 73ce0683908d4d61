"""Self-declaration (自主申报): residents and organizations declare themselves, the inspector of the grid verifies.

`form_router` (the public page, no login) and `router` (JSON) → `service` (declare, look up) → `verification`
(a declaration becomes a task; its result becomes a submission). `page` draws, `reading` reads a form, both pure.
"""
