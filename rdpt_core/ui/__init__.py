"""What pages are made of: figures, the reader component, widgets and the palette. Knows streamlit and plotly."""
