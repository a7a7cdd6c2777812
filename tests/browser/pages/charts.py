"""Pointing at figures: where plotly draws a point, and clicking it once the figure answers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

# Where in the page a point of a figure is drawn, by its numbers on the axes.
_PLACE = """(figure, [x, y]) => {
    const { xaxis, yaxis } = figure._fullLayout;
    const box = figure.getBoundingClientRect();
    return [box.x + xaxis._offset + xaxis.l2p(x), box.y + yaxis._offset + yaxis.l2p(y)];
}"""


def click_at(page: Page, key: str, x: float, y: float) -> None:
    """Click a point of the figure with this key, by its numbers on the axes, once the figure answers the pointer."""
    figure = page.locator(f".st-key-{key} .js-plotly-plot")
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".nsewdrag").first).to_be_attached()
    left, top = figure.evaluate(_PLACE, [x, y])
    page.mouse.move(left, top)
    expect(figure.locator(".hoverlayer .hovertext").first).to_be_attached()
    page.mouse.click(left, top)
