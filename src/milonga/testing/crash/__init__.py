"""Kill a run at a random moment, resume it, and count what was lost, repeated or corrupt. Linux only: reads /proc.

`pipelines` holds what is killed, `plan` says when and whom, `trial` does it once, `evidence` reads what is left. The
tests run a share of a plan, `python -m benchmarks kills` all of it.

Nothing is imported here: the steps of the pipelines import `ledger` in processes that are started for each of them.
"""
