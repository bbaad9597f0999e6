"""Fitting what ships with a model: the network, its offsets, and what orders, groups and calibrates results.

Needs no database; `needmatch models` and `service.measure` use it.
"""
