"""The database: schema, migrations, the writer and the read-only reader. Knows DuckDB, never torch or streamlit."""
