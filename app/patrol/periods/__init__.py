"""Days, weeks and months: what the days of a person, a grid or an area come to.

`calendar` says which stretches there are (pure), `rollup` sums up days in one statement, `figures` asks it for an
area or a whole county, `service` answers requests: from days while a period is open, from its snapshot afterwards.
`sealing` moves periods open → closing → sealed, `digests` proves that a snapshot is still the one that was sealed,
`revisions` lists what came later. `rejudging` recomputes judged days, `what_ifs` answers what another rule would
change. `tasks` has the nightly job.
"""
