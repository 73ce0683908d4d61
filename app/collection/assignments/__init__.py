"""Tasks (任务): what is still to do about a subject, a declaration, a tip or a submission, and by whom.

`opening` opens them, once for each kind and origin; `workflow` is the table of what may become of them;
`service` assigns and cancels; `results` takes what was found in the field; `cycles` finds what is overdue
for collection; `intake` and `pull` are the ends that a handheld sees.
"""
