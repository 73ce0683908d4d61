"""One day on one printed A4 page, in Chinese, for somebody who knows nothing of this service.

`router` → `service` → `queries` (post, grids, ruling, basis) → `layout`, which sets the page from `content`
(the day in words: `answer`, `account`), `drawing` (the track over its grid) and `timeline`. All but router,
service and queries are pure: documents in, text out. Every text passes `markup.escape`.
"""
