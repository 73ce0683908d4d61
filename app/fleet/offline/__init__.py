"""`wangge simulate --offline-day`: a day without signal, then everything at once over a link that fails.

`crew` pairs inspectors who share a grid → `plan` says what each records and what must come of it → `working`
records it into reference handhelds → `bad_link` loses a third of all requests → `proof` compares.
"""
