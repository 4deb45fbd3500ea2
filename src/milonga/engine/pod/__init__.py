"""The program in a pod of Argo: one task, its inputs from mounted objects, its outputs as files that Argo stores.

It travels as a zip file of a few modules and needs nothing but Python's standard library.
"""
