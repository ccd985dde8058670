"""A customer's own domain on its way: made at Railway, its zone examined, its certificate followed, switched on last,
watched daily, taken away.

Use cases ask for it and hear its news. It must not know who its customer is, or what a mistake is called in words.
"""
