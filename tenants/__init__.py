"""Who buys and what they have: customers, plans, partners, instances, the use cases, the edges where people come in.

It must not talk to Railway or Odoo itself; how an order comes true is `provisioning`.
"""
