"""What could be automated in a process, why, and what it would save: by rules, from steps or from an event log.

`scoring.analyse` takes plain values and asks neither clock nor database; docs/automation-analysis.md tells the formulas
and works an example out.
"""
