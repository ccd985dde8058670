"""All that a request to Railway passes first: workspace, circuit, budget, turn. Nobody gets a client but here.

Called by whoever asks Railway, and by pages that tell of a queue or an outage. It must not know what is asked for, or
what a step does with the answer.
"""
