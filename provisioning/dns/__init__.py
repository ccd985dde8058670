"""The public DNS: what the name servers of a customer's own domain say, and which mistake that is.

`domains` asks, and hands over what Railway wants of a zone. It must not know a customer, Railway, or a setting.
"""
