"""`wangge simulate`: many handhelds at once, over HTTP, who try to break the service, and the proof that they did not.

options   what was asked for
crew      handhelds with their holders, enrolled as a supervisor would do it
parcels   what a handheld keeps until it is acknowledged, and what it was told
courier   one handheld delivering its parcels: retries, duplicates, cut connections
days      whose day is how: plans, clocks, manners
chaos     kill -9 at random moments; small_disk: a full disk
ledger    counts and latencies of everybody
proof     what the database holds against what was sent and told (`url_proof`: over HTTP only)
simulating   the run from enrolment to proof; report: how it is told
live      the demo county in real time, for `wangge up --live`
"""
