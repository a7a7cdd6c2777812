"""Components of our own in plain JavaScript: no build step, no network.

bundle      their files as the strings that Streamlit takes
reader      a response, sentence by sentence
pairs       the strip between two traces
results     passages with links to where they stand
card        terms and texts
picture     a figure as PNG or SVG
standalone  a trace as one HTML file
"""
