"""Swaps of grids by the hour, and substitution (顶岗): one action, kept as appointments so that the fold sees it.

`exchange` decides purely which terms are cut and which are made, and whether a grid would be left without anybody;
`service` writes them, and takes them back before they begin.
"""
