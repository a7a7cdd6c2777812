"""What pages are made of. Each folder uses only those above it in this list; `shell` frames the pages.

style       palette and words
components  own browser components, in plain JavaScript
data        the database as pages see it, with cached answers
frame       what all pages share: run, rule, filters, notices
parts       figures, tables and panels that several pages use
pages       one folder, or file, for each page
shell       navigation and the frame around every page
server      whom the app answers, and what it says of its own faults; `app.py` starts it
"""
