"""Tables out of files as people save them: CSV of any separator and any letters, XLSX, XLS and ODS.

`opening.open_table` reads a file on disk and gives its rows one after the other, with the numbers that a spreadsheet
shows, as text or numbers. `heading` finds the row with the names of the columns. Nothing here knows what a row is of.
"""
