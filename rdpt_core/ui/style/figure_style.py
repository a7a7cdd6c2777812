"""What all figures share: the layout, and fills that tell labels apart without colour.

Every name that comes from data passes `words.no_markup`: plotly reads a kind of HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rdpt_core.ui.style.theme import MARKS, MUTED, PAGE, RULE, TEXT, Look, Mode, tone


def hatched(key: str, mode: Mode) -> dict[str, Any]:
    """A tinted fill with the label's own hatch, thin enough to read text on."""
    return fill(Look(MARKS[key].letter, tone(key, mode), MARKS[key].hatch))


def fill(look: Look) -> dict[str, Any]:
    """A tinted fill with its own hatch, thin enough to read text on."""
    pattern = {
        "shape": look.hatch,
        "fillmode": "overlay",
        "fgcolor": look.tone.ink,
        "fgopacity": 0.3,
        "size": 8,
        "solidity": 0.12,
    }
    return {"color": look.tone.tint, "pattern": pattern if look.hatch else None}


def unscored_fill(mode: Mode) -> dict[str, Any]:
    """A light grey hatch, for what carries no label."""
    pattern = {"shape": "/", "fillmode": "overlay", "fgcolor": MUTED[mode], "fgopacity": 0.35, "size": 6}
    return {"color": RULE[mode], "opacity": 0.6, "pattern": {**pattern, "solidity": 0.15}}


def error_bars(
    above: Sequence[float | None], below: Sequence[float | None], ink: str, *, cap_width: int = 4
) -> dict[str, Any]:
    """Error bars of a trace; `above` and `below` are lengths from each point, None where it has no interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": ink,
        "thickness": 2,
        "width": cap_width,
    }


def click_targets(size: int, symbol: str | None = None) -> dict[str, Any]:
    """Invisible points, one to lie on each cell of a heatmap: a heatmap itself reports no clicks."""
    return {
        "mode": "markers",
        "marker": {"size": size, "opacity": 0} | ({"symbol": symbol} if symbol else {}),
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "showlegend": False,
    }


def row_axis(names: Sequence[str]) -> dict[str, Any]:
    """A y axis with one name a row, the first on top, that cannot be zoomed."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [f"{name} " for name in names],
        "range": [len(names) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
    }


def base_layout(mode: Mode) -> dict[str, Any]:
    """Transparent, in the colours and font sizes of the theme, with the legend above the figure."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": TEXT[mode], "size": 13},
        "hoverlabel": {
            "bgcolor": PAGE[mode],
            "bordercolor": RULE[mode],
            "font": {"color": TEXT[mode]},
            "align": "left",
        },
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": 13}},
        "dragmode": False,
    }
