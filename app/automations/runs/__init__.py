"""Runs of workflows: what comes next (`engine.py`), who does it (`work.py`, `worker.py`), and what each step does."""
