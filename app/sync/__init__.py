"""Handhelds and the service, in step: items pushed in, the change feed pulled out (docs/sync.md).

`synchronizer` is what a process has of it. A push is read by `wire` and taken by `pushing`; a pull is answered by
`pulling`, from a `cursor`, and from memory alone when nothing is new: `follower` reads what the sealer seals and
`heads` remembers the last event of every grid. `kinds` lists who takes and who offers what.
"""
