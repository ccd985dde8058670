"""The pools of warm units: which unit fits an order, how it is taken and given back, how many there are and should be.

Called by the services, the alerts and the edges that show it. It knows rows and sums, and must not know an operation's
steps, Railway, or how a unit is made.
"""
