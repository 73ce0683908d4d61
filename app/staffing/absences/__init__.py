"""Absences of one person: leave, training, meeting, secondment, rest.

An inspector asks on the handheld (`POST /me/absences`, his own id), a supervisor decides, or enters one at once.
`states` is the table of who may do what; `service` decides by it, writes, and has the days touched folded again.
What is approved is seen by everybody through the view `effective_shift`.
"""
