"""What is done for an instance, one function a step: looks, acts, returns Done or Wait, or raises.

Called by the engine alone, through `engine.recipes`; each sees a `Context` and nothing else of the operation. It must
not know the customer's rows, other operations, or how often it has been tried.
"""
