"""The public pages: signup, confirmation, progress.

Called by a visitor's browser and by the widget. It must not decide anything: it asks `services` and shows the answer.
"""
