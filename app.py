"""RDPT Explorer, from the project's root: `streamlit run app.py -- --db FILE`, or from any folder: `rdpt view FILE`."""

from rdpt_core.ui import shell

shell.run()
