"""Work that goes on after the answer: the queue, its worker, and the schedule.

A domain declares its tasks in its own `jobs.py` with `@task`; an operation or an edge puts them into the queue with
`enqueue`, inside the transaction of the change that causes them, so that neither is ever there without the other.
A job runs at least once: an attempt that a crash cut short is made again, so what a task does must bear that.
"""
