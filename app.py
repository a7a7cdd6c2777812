"""RDPT Explorer, from the project's root: `streamlit run app.py -- --db FILE`, or from any folder: `rdpt view FILE`.

The server imports this file once and finds the app in it; for each page that a browser opens, Streamlit runs it.
"""

if __name__ == "__main__":
    from rdpt_core.ui import shell

    shell.run()
else:
    import streamlit as st
    from starlette.middleware import Middleware

    from rdpt_core.ui.server.guard import Guard
    from rdpt_core.ui.server.lifetime import ends_with_input
    from rdpt_core.ui.server.problems import show_problem

    app = st.App(
        __file__,
        middleware=[Middleware(Guard, names=st.get_option("server.allowedHosts"))],
        lifespan=ends_with_input,
        on_script_error=show_problem,
    )
