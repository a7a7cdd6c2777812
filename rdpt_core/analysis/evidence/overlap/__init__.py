"""Which sentences of a run stand in its training texts.

classes   copied, in the template of a training sentence, or new
stored    what `rdpt overlap` has stored of a run
data      every answer about it, kept; the door to this room
class_shares  label shares of copied, template and new sentences
columns   the same for exports, sentence by sentence
"""
