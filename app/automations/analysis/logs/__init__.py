"""Event logs: what happened, in which case, when and by whom; read from files, and measured.

`opening.read_log` takes a file (CSV in any separator and letters, workbooks, XES; also compressed by gzip) and gives an
`EventLog`, which holds a million events in some 50 MB; `measuring.measure` gives its figures, and `steps.steps_from`
the steps that an analysis takes. docs/automation-analysis.md defines each figure.
"""
