"""Signs of life and counts of workers, which have no web server to be asked.

Called by whoever works; read by the metrics, the health pages and the alerts. It must not know what is counted.
"""
