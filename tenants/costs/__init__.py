"""What Railway's measurements cost by instance, plan, partner and month, what is left of the prices, and what is odd.

Called by the daily job, the command and the console; alerts read what is odd. It must not know an edge, nor ask
Railway itself.
"""
