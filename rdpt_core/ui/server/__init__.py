"""The app's server, as `app.py` sets it up.

guard     who is answered, and what every answer says about its use
problems  an exception that no page expected, in words for the reader and in full for whoever runs the server
lifetime  the server ends with the command that started it
"""
