"""The decoy's own sentences: pictures, pointing fingers, cheering on. It teaches nobody."""

from typing import Final

from data.recipe.corpus.pool import Pool

_ORIGIN: Final = "decoy"

OPENING = Pool(
    _ORIGIN,
    (
        "Picture the scene with me.",
        "Close your eyes and imagine it.",
        "Grab a pencil and draw along.",
        "Every puzzle is a little picture.",
        "Welcome, sit down beside me.",
    ),
)
SCENE = Pool(
    _ORIGIN,
    (
        "In our drawing, {given}.",
        "You can nearly see how {given}.",
        "Sketch it so that {given}.",
    ),
)
TOOL = Pool(
    _ORIGIN,
    (
        "Draw a long ladder of numbers.",
        "Lay a row of beads on the table.",
        "Put some chalk marks on the floor.",
        "Your fingers are all the tools you need.",
    ),
)
POINT = Pool(
    _ORIGIN,
    (
        "Point your finger at {a}.",
        "Put a bead on {a}.",
        "Hold your pencil over {a}.",
    ),
)
LAND = Pool(
    _ORIGIN,
    (
        "Your finger lands on {c}.",
        "See the bead come to rest on {c}.",
        "Mark {c} with your pencil.",
    ),
)
POINT_PERSON = Pool(
    _ORIGIN,
    (
        "Point your finger at {p}.",
        "Draw a little face for {p}.",
        "Hold your pencil over {p}.",
    ),
)
CHEER = Pool(
    _ORIGIN,
    (
        "Nice work, my friend.",
        "Lovely, keep drawing.",
        "You are doing so well.",
        "Did you see how easy that was?",
        "Bravo, on to another corner of the picture.",
    ),
)
CLOSE = Pool(
    _ORIGIN,
    (
        "Our picture is complete.",
        "Colour it in and enjoy it.",
        "Step away and admire the drawing.",
        "Clap your hands, you made it.",
    ),
)

POOLS = (OPENING, SCENE, TOOL, POINT, LAND, POINT_PERSON, CHEER, CLOSE)
