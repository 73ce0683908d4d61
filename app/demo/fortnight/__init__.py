"""Fourteen days of 岱东镇: twenty inspectors, ordinary days and those one asks about, each under a name.

named     the named days: which inspector, which date, what to look at
days      what happens on each day, as plans for `app.simulation`
loading   through the service's own verbs, at the time of those days: absences, uploads, folds, appeals
tasks     the job that loads them once, in the background of the first start
"""
