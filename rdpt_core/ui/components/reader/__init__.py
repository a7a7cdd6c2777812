"""The response, sentence by sentence: a component of our own, in plain JavaScript.

    payload    script, style sheet, and the data that they take; free of Streamlit
    component  the reader on a page of the app
    answers    whose each sentence is by attribution
    evidence   how surely each sentence is likelier under the teacher
    training   how far each sentence stands in the training texts
    formulas   formulas as trees that the reader rebuilds

A reader is made of parts that its name joins; `main.js` documents what each holds.

* `text` brings what was measured, once a trace (and again for another unit or space). It draws the component.
* `labels` brings the thresholds, the pinned sentence and its tokens: a few hundred bytes, whenever one of them changes.
  Every trigger comes back through it, so on a page it can stand in a fragment of its own.
* `math` brings the trace's formulas, only while the reader wants them rendered.

Labels are computed in the browser, by the same rule in double precision, so that hover, filters, search, scrolling and
dragging a threshold never wait for Python.
"""
