"""Labels, distributions and intervals: pure functions from the store's tables to tables. Never imports streamlit."""
