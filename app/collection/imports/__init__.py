"""Imports of divisions, subjects and code tables: file → dry run → confirmation → job.

Every row stands for itself, and the same file again changes nothing.
"""
